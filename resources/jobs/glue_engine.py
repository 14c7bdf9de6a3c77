"""Spark jobs on AWS Glue."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from resources.account.client import client
from resources.account.errors import AwsError, explained
from resources.jobs.engine import JobEngine
from resources.jobs.logs import CloudWatchLines
from resources.jobs.messages import safe_reason
from resources.jobs.runs import TAG, Attempt, Jobs, Request, arguments_of
from resources.jobs.watch import Job, Phase, Seen
from resources.protocols.work import Number

PRICE_PER_DPU_HOUR = Decimal("0.44")
"""Dollars; differs by region."""
# Runs that are older are no retry's any more; the service lists the newest first.
_LOOKED_BACK = dt.timedelta(days=3)
PHASES: dict[str, Phase] = {
    "WAITING": "waiting",
    "STARTING": "waiting",
    "RUNNING": "running",
    "STOPPING": "stopping",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "ERROR": "failed",
    "STOPPED": "failed",
    "TIMEOUT": "failed",
    "EXPIRED": "failed",
}
REASONS = {
    "TIMEOUT": "it ran longer than its timeout",
    "STOPPED": "somebody stopped it",
    "EXPIRED": "it found no room to start in time; run it again",
    "ERROR": "Glue could not run it; run it again",
}


@dataclass(frozen=True)
class GlueRun:
    """One run of a Glue job."""

    region: str
    job_name: str
    run_id: str
    log: CloudWatchLines
    price: Decimal = PRICE_PER_DPU_HOUR

    @property
    def name(self) -> str:
        """Job and run."""
        return f"Glue job {self.job_name} run {self.run_id}"

    def look(self) -> Seen:
        """Return the present state."""
        return _seen(self._found())

    def stop(self) -> None:
        """Stop the job run; raises AwsError if Glue refuses."""
        with explained("stop", self.name):
            answer = self._glue.batch_stop_job_run(JobName=self.job_name, JobRunIds=[self.run_id])
        for refused in answer.get("Errors", ()):
            if self.look().active:
                why = refused.get("ErrorDetail", {})
                raise AwsError(
                    f"Cannot stop {self.name}: {why.get('ErrorMessage', 'Glue refuses')}",
                    str(why.get("ErrorCode", "")),
                )

    def lines(self) -> Iterable[str]:
        """Return the new lines of its output."""
        return self.log

    def spent(self) -> Mapping[str, Number]:
        """Return DPU-hours and dollars."""
        found = self._found()
        whole = found.get("ExecutionTime", 0) * found.get("MaxCapacity", 0)
        hours = Decimal(str(found.get("DPUSeconds") or whole)) / 3600
        return {
            "glue_dpu_hours": round(hours, 4),
            "glue_cost_usd": round(hours * self.price, 4),
        }

    @property
    def _glue(self) -> Any:
        return client("glue", self.region)

    def _found(self) -> Mapping[str, Any]:
        with explained("look at", self.name):
            answer = self._glue.get_job_run(JobName=self.job_name, RunId=self.run_id)
        found: Mapping[str, Any] = answer["JobRun"]
        return found


@dataclass(frozen=True)
class GlueJobs:
    """The runs of one Glue job. log_group: what the groups of its logs begin with."""

    region: str
    job_name: str
    log_group: str
    timeout: float
    price: Decimal = PRICE_PER_DPU_HOUR

    def attempts(self, tag: str) -> list[Attempt]:
        """Return the runs of a piece of work, found by their arguments: Glue has no tags."""
        with explained("find", f"Glue job {self.job_name}"):
            return [
                Attempt.of(self._run(run["Id"]), _seen(run), run["Arguments"], run["StartedOn"])
                for run in self._newest()
                if run.get("Arguments", {}).get(TAG) == tag
            ]

    def start(self, request: Request, ordinal: int) -> Job:
        """Start a run."""
        arguments = {
            **arguments_of(request.command(ordinal)),
            "--scriptLocation": request.script,
            "--extra-py-files": request.helpers,
            "--custom-logGroup-prefix": self.log_group,
        }
        with explained("start", f"Glue job {self.job_name}"):
            started = client("glue", self.region).start_job_run(
                JobName=self.job_name,
                Arguments=arguments,
                # Should nobody be left to stop it.
                Timeout=max(1, math.ceil(self.timeout / 60)),
            )
        return self._run(started["JobRunId"])

    def going_on(self) -> Iterator[tuple[str, Job]]:
        """Yield the jobs that may still be active, each with the work it was started for."""
        with explained("find", f"Glue job {self.job_name}"):
            for run in self._newest():
                if _seen(run).active:
                    yield run.get("Arguments", {}).get(TAG, ""), self._run(run["Id"])

    def _newest(self) -> Iterable[Mapping[str, Any]]:
        since = dt.datetime.now(dt.UTC) - _LOOKED_BACK
        pages = client("glue", self.region).get_paginator("get_job_runs")
        for page in pages.paginate(JobName=self.job_name):
            for run in page["JobRuns"]:
                if run["StartedOn"] < since:
                    return
                yield run

    def _run(self, run_id: str) -> GlueRun:
        log = CloudWatchLines(self.region, f"{self.log_group}/output", run_id)
        return GlueRun(self.region, self.job_name, run_id, log, self.price)


class GlueEngine(JobEngine):
    """A SparkEngine on Glue, with a job for each script."""

    price = PRICE_PER_DPU_HOUR

    def jobs(self, script: Path) -> Jobs:
        """Return the runs of the script's job."""
        names = self.names
        return GlueJobs(
            names.region,
            names.glue_job(script.stem),
            names.log_group("glue"),
            self.patience.deadline,
            self.price,
        )


def _seen(run: Mapping[str, Any]) -> Seen:
    state = run["JobRunState"]
    why = safe_reason(run.get("ErrorMessage")) or REASONS.get(state, "")
    return Seen(state, PHASES.get(state), why)
