"""A job on another machine, watched to its end: shown, limited, and stopped with its run."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from resources.account.errors import AwsError
from resources.jobs.messages import Heard
from resources.protocols.spark_engine import SparkJobError
from resources.protocols.work import Number

Phase = Literal["waiting", "running", "stopping", "succeeded", "failed"]
ENDED = ("succeeded", "failed")


@dataclass(frozen=True)
class Seen:
    """A job as its service shows it: its state there, what that means, and the service's reason.

    phase: None for a state that is not known here. why: no data is in it.
    """

    state: str
    phase: Phase | None
    why: str = ""

    @property
    def ended(self) -> bool:
        """Return whether the state will not change any more."""
        return self.phase in ENDED

    @property
    def active(self) -> bool:
        """Return whether it may still do something; a state that is not known may."""
        return self.phase not in (*ENDED, "stopping")


class Job(Protocol):
    """One run of a job at its service. Every method raises AwsError."""

    @property
    def name(self) -> str:
        """Return what an operator looks for in the console."""
        ...

    def look(self) -> Seen:
        """Return the present state."""
        ...

    def stop(self) -> None:
        """Request the service to stop the job; do nothing if it has ended."""
        ...

    def lines(self) -> Iterable[str]:
        """Return the lines of its log since the last call."""
        ...

    def spent(self) -> Mapping[str, Number]:
        """Return its usage and its cost, by the name of the figure."""
        ...


@dataclass(frozen=True)
class Patience:
    """How long is waited; seconds.

    deadline: for the whole job. unknown: for a state that is not known here, or a service that does
    not answer. last_words: for the log of a failed job, which arrives late. stopping: until a
    stopped job has stopped. first, longest: between two looks. crowded: for a place among the runs
    that the service allows at once.
    """

    deadline: float = 4 * 3600
    unknown: float = 300
    last_words: float = 20
    stopping: float = 120
    first: float = 1
    longest: float = 20
    crowded: float = 1800


def watch(job: Job, patience: Patience, log: logging.Logger) -> Heard:
    """Wait until the job has succeeded; return what it reported.

    Raises SparkJobError for one that failed, or that was stopped at the deadline. Whatever else
    ends the wait, a cancelled run above all, stops the job too.
    """
    heard = Heard(log, job.name)
    try:
        seen = _end_of(job, patience, heard, log)
    except BaseException:
        stop(job, patience, log)
        _listen(job, heard, log)
        raise
    if seen.phase == "succeeded":
        _listen(job, heard, log)
        return heard
    end = time.monotonic() + patience.last_words
    while _listen(job, heard, log) and not heard.failure and time.monotonic() < end:
        time.sleep(min(patience.first, 1))
    raise SparkJobError(_failure(job, seen, heard))


def stop(job: Job, patience: Patience, log: logging.Logger) -> None:
    """Stop a job and wait until it is stopping; a failure to stop it is only logged."""
    log.warning(f"{job.name}: stopping it.")
    try:
        job.stop()
        seen = wait_while(job, patience, lambda seen: seen.active)
    except Exception as error:
        text = str(error) if isinstance(error, AwsError) else type(error).__name__
        log.error(f"{job.name}: not stopped ({text}). Stop it by hand.")
        return
    if seen.active:
        log.error(f"{job.name}: still {seen.state}. Stop it by hand.")
    else:
        log.warning(f"{job.name}: {seen.state}.")


def wait_while(job: Job, patience: Patience, holds: Callable[[Seen], bool]) -> Seen:
    """Poll while a condition holds, or until patience for a stop ends; return the last state."""
    end = time.monotonic() + patience.stopping
    while holds(seen := job.look()) and time.monotonic() < end:
        time.sleep(min(patience.first, 1))
    return seen


def _end_of(job: Job, patience: Patience, heard: Heard, log: logging.Logger) -> Seen:
    started = trusted = time.monotonic()
    wait, last = patience.first, ""
    while True:
        now = time.monotonic()
        seen, known = _looked(job)
        if known:
            trusted = now
        elif now - trusted > patience.unknown:
            raise SparkJobError(
                f"{job.name}: {seen.why} for {patience.unknown:.0f} s. It was stopped."
            )
        if seen.state != last:
            log.info(f"{job.name}: {seen.state}.")
            wait, last = patience.first, seen.state
        if seen.ended:
            return seen
        if now - started > patience.deadline:
            raise SparkJobError(
                f"{job.name}: {seen.state} after {patience.deadline:.0f} s, which is the deadline. "
                "It was stopped. Build fewer dates at once, or raise the deadline."
            )
        _listen(job, heard, log)
        time.sleep(wait * random.uniform(0.75, 1.25))  # noqa: S311 - many watch at once
        wait = min(wait * 1.5, patience.longest)


def _looked(job: Job) -> tuple[Seen, bool]:
    """Return the state, and whether it is current; raises an AwsError that is not transient."""
    try:
        seen = job.look()
    except AwsError as error:
        if not error.transient:
            raise
        return Seen("not answering", None, str(error)), False
    if seen.phase is None:
        return Seen(seen.state, None, f"the state {seen.state} is not known here, and held"), False
    return seen, True


def _listen(job: Job, heard: Heard, log: logging.Logger) -> bool:
    """Show new lines; False when the log cannot be read, which stops no job and is logged once."""
    if heard.deaf:
        return False
    try:
        for line in job.lines():
            heard.line(line)
    except AwsError as error:
        heard.deaf = True
        log.warning(f"{job.name}: its progress is not shown. {error}")
    return not heard.deaf


def _failure(job: Job, seen: Seen, heard: Heard) -> str:
    reason = heard.failure or seen.why or "it gave no reason"
    return f"{job.name} ended as {seen.state}: {reason.rstrip('.')}."
