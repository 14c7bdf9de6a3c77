"""A SparkEngine whose jobs run at a service: inputs, code and rows are on S3."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from resources.account.client import client
from resources.account.errors import AwsError, explained
from resources.jobs import output as job_output
from resources.jobs.code import upload
from resources.jobs.runs import Attempt, Jobs, Request, find_or_start
from resources.jobs.watch import Patience, watch
from resources.protocols.spark_engine import (
    NO_PARAMS,
    Params,
    SparkEngine,
    SparkJobError,
    job_arguments,
)
from resources.protocols.sql_engine import Candidate, Inputs
from resources.protocols.work import Number, current_work
from resources.s3.mirror import Mirror, address

if TYPE_CHECKING:
    from resources.account.aws_names import AwsNames

_LOG = logging.getLogger(__name__)


class JobEngine:
    """Runs scripts as jobs; a retry finds what the attempt before it started.

    mirror: gives the S3 twin of a local path.
    """

    def __init__(self, names: AwsNames, mirror: Mirror, patience: Patience | None = None) -> None:
        self.names, self.mirror = names, mirror
        self.patience = patience or Patience()

    def jobs(self, script: Path) -> Jobs:
        """Return the service that runs a script's jobs."""
        raise NotImplementedError

    def run(
        self,
        script: Path,
        inputs: Inputs,
        output: Path,
        business_date: dt.date,
        params: Params = NO_PARAMS,
    ) -> Candidate:
        """Return what the script's job wrote to S3. Raises SparkJobError, or AwsError."""
        started = time.monotonic()
        request = self._request(script, inputs, output, business_date, params)
        done = self.run_once(script, request)
        files = job_output.parquet_files(done.output, self.names.region)
        rows = job_output.rows(files, self.names.region)
        return Candidate(files, rows, time.monotonic() - started)

    def run_once(
        self, script: Path, request: Request, whole: Callable[[str], bool] | None = None
    ) -> Attempt:
        """Run a request as one job; return that job.

        whole: whether the output of an earlier job can be taken; by default when it has files.
        """
        work = current_work()
        log: logging.Logger = work.log if work else _LOG
        attempt = find_or_start(
            self.jobs(script), request, whole or self._whole, self.patience, log
        )
        if not attempt.seen.ended:
            try:
                watch(attempt.job, self.patience, log)
            finally:
                for name, value in self._spent(attempt, log).items():
                    if work:
                        work.add(name, value)
        return attempt

    def close(self) -> None:
        """Do nothing: jobs end by themselves, or with the step that waits for them."""

    def _request(
        self, script: Path, inputs: Inputs, output: Path, business_date: dt.date, params: Params
    ) -> Request:
        if missing := [table for table, sources in inputs.items() if not sources]:
            raise SparkJobError(
                f"{script.name}: no file of {missing[0]}; one without rows is enough"
            )
        with explained("upload inputs to", self.mirror.names.base):
            given = {table: self.mirror.adopt(sources) for table, sources in inputs.items()}
        code = upload(self.names, script)
        parts = [code.sha256, given, business_date.isoformat(), dict(params)]
        key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
        arguments = job_arguments(given, "", business_date, params)
        at = arguments.index("--inputs") + 1
        listed = self._list(key, arguments[at])
        kept = [*arguments[:at], listed, *_without_output(arguments[at + 1 :])]
        return Request(
            tag_of(script, business_date), key, code.script, code.helpers, kept,
            self.mirror.uri(output),
        )  # fmt: skip

    def _list(self, key: str, text: str) -> str:
        """Return the address of a file that holds the inputs."""
        uri = f"{self.names.temporary}/job-inputs/{key}.json"
        with explained("write", uri):
            client("s3", self.names.region).put_object(**address(uri), Body=text.encode())
        return uri

    def _whole(self, output: str) -> bool:
        return bool(job_output.parquet_files(output, self.names.region))

    @staticmethod
    def _spent(attempt: Attempt, log: logging.Logger) -> Mapping[str, Number]:
        try:
            return attempt.job.spent()
        except AwsError as error:
            log.warning(f"{attempt.job.name}: its cost is not known. {error}")
            return {}


class SparkJobs:
    """A SparkEngine that gives each script to the engine that it is meant for."""

    def __init__(self, by_script: Mapping[str, SparkEngine], others: SparkEngine) -> None:
        self._by_script, self._others = dict(by_script), others

    def run(
        self,
        script: Path,
        inputs: Inputs,
        output: Path,
        business_date: dt.date,
        params: Params = NO_PARAMS,
    ) -> Candidate:
        """Run the script where it belongs."""
        engine = self._by_script.get(script.stem, self._others)
        return engine.run(script, inputs, output, business_date, params)

    def close(self) -> None:
        """Close every engine."""
        for engine in (*self._by_script.values(), self._others):
            engine.close()


def tag_of(script: Path, business_date: dt.date) -> str:
    """Return a tag that is the same for every retry of a piece of work, and for no other."""
    work = current_work()
    of = f"{work.attempt_of}.{work.table}" if work else f"{uuid.uuid4()}.{script.stem}"
    return f"{of}.{business_date}"


def _without_output(arguments: Sequence[str]) -> list[str]:
    at = arguments.index("--output")
    return [*arguments[:at], *arguments[at + 2 :]]
