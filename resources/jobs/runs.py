"""One job for one piece of work: found again by a retry, started when there is none."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from resources.account.errors import AwsError
from resources.jobs.watch import Job, Patience, Seen, stop, wait_while
from resources.protocols.spark_engine import SparkJobError

TAG, KEY, ORDINAL = "--run-tag", "--run-key", "--run-ordinal"
# The service has no room for another run just now; what was asked for was not started.
FULL = {"ConcurrentRunsExceededException", "ResourceNumberLimitExceededException"}


@dataclass(frozen=True)
class Request:
    """What a job is to do.

    tag: the piece of work, the same for every retry. key: hash of script, inputs and parameters.
    script, helpers: addresses of the code. arguments: of the script, all but the output. output:
    the S3 folder below which each attempt has its own.
    """

    tag: str
    key: str
    script: str
    helpers: str
    arguments: Sequence[str]
    output: str

    def output_of(self, ordinal: int) -> str:
        """Return the folder of an attempt: a stopped one may still write to its own."""
        return f"{self.output}/attempt-{ordinal}"

    def command(self, ordinal: int) -> list[str]:
        """Return the script's arguments, by which the attempt is recognised."""
        identity = [TAG, self.tag, KEY, self.key, ORDINAL, str(ordinal)]
        return [*self.arguments, "--output", self.output_of(ordinal), *identity]


@dataclass(frozen=True)
class Attempt:
    """A job that was started for a piece of work. started: to find the older of two."""

    ordinal: int
    key: str
    output: str
    started: str
    seen: Seen
    job: Job

    @classmethod
    def of(cls, job: Job, seen: Seen, arguments: Mapping[str, str], started: object) -> Attempt:
        """Read an attempt out of its arguments."""
        ordinal, key, output = int(arguments.get(ORDINAL, "0")), arguments.get(KEY, ""), "--output"
        return cls(ordinal, key, arguments.get(output, ""), str(started), seen, job)


class Jobs(Protocol):
    """A service that runs jobs. Its methods raise AwsError."""

    def attempts(self, tag: str) -> list[Attempt]:
        """Return the attempts of a piece of work, in any order."""
        ...

    def start(self, request: Request, ordinal: int) -> Job:
        """Start an attempt."""
        ...


def arguments_of(command: Sequence[str]) -> dict[str, str]:
    """Return the arguments of a command line by name."""
    return {a: b for a, b in pairwise(command) if a.startswith("--")}


def find_or_start(
    jobs: Jobs,
    request: Request,
    whole: Callable[[str], bool],
    patience: Patience,
    log: logging.Logger,
) -> Attempt:
    """Return the one attempt for the work: in progress, complete, or started now.

    One that runs on other inputs or other code is stopped first.
    """
    found = sorted(jobs.attempts(request.tag), key=lambda a: a.ordinal)
    for attempt in reversed(found):
        if attempt.seen.active and attempt.key == request.key:
            log.info(f"{attempt.job.name}: {attempt.seen.state} since before this retry; kept.")
            return attempt
        done = attempt.seen.phase == "succeeded" and attempt.key == request.key
        if done and whole(attempt.output):
            log.info(f"{attempt.job.name}: succeeded before this retry; its rows are taken.")
            return attempt
    for attempt in found:
        _ended(attempt, patience, log)
    return _start(jobs, request, found[-1].ordinal + 1 if found else 0, patience, log)


def _ended(attempt: Attempt, patience: Patience, log: logging.Logger) -> None:
    if attempt.seen.ended:
        return
    if attempt.seen.active:
        log.warning(f"{attempt.job.name} works on other inputs.")
        stop(attempt.job, patience, log)
    seen = wait_while(attempt.job, patience, lambda seen: not seen.ended)
    if not seen.ended:
        raise SparkJobError(f"{attempt.job.name}: still {seen.state}. Stop it, then run again.")


def _start(
    jobs: Jobs, request: Request, ordinal: int, patience: Patience, log: logging.Logger
) -> Attempt:
    try:
        job = _with_room(lambda: jobs.start(request, ordinal), patience, log)
        log.info(f"{job.name}: started.")
        mine = _running(jobs, request)
    except BaseException:
        # It may have started anyway: an answer can be lost, a run cancelled before it came.
        _stop_all(jobs, request, patience, log)
        raise
    if not mine:
        seen = Seen("started", "waiting")
        return Attempt(ordinal, request.key, request.output_of(ordinal), "", seen, job)
    # A call that was repeated after its answer was lost has started two, as two processes may.
    first, *others = mine
    for other in others:
        log.warning(f"{other.job.name} was started beside {first.job.name}.")
        stop(other.job, patience, log)
    return first


def _running(jobs: Jobs, request: Request) -> list[Attempt]:
    """Return the running attempts of a request, the one that all retries choose first."""
    found = [a for a in jobs.attempts(request.tag) if a.seen.active and a.key == request.key]
    return sorted(found, key=lambda a: (a.ordinal, a.started, a.job.name))


def _stop_all(jobs: Jobs, request: Request, patience: Patience, log: logging.Logger) -> None:
    try:
        for attempt in _running(jobs, request):
            stop(attempt.job, patience, log)
    except AwsError as error:
        log.warning(f"Whether a job of {request.tag} was started is not known. {error}")


def _with_room(start: Callable[[], Job], patience: Patience, log: logging.Logger) -> Job:
    end, logged = time.monotonic() + patience.crowded, False
    while True:
        try:
            return start()
        except AwsError as error:
            if error.code not in FULL or time.monotonic() > end:
                raise
        if not logged:
            log.info("As many jobs run as the service allows at once; waiting for one to end.")
            logged = True
        time.sleep(patience.longest)
