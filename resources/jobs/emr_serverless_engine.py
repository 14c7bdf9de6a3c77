"""Spark jobs on EMR Serverless."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.account.client import client
from resources.account.errors import AwsError, explained
from resources.jobs.engine import JobEngine
from resources.jobs.logs import CloudWatchLines
from resources.jobs.messages import safe_reason
from resources.jobs.runs import Attempt, Jobs, Request, arguments_of
from resources.jobs.watch import Job, Phase, Seen
from resources.protocols.work import Number, current_work

if TYPE_CHECKING:
    from resources.account.aws_names import AwsNames

_LOOKED_BACK = dt.timedelta(days=3)
_GONE = {"TERMINATED"}
_GOES_ON = ["SUBMITTED", "PENDING", "SCHEDULED", "QUEUED", "RUNNING"]
PHASES: dict[str, Phase] = {
    "SUBMITTED": "waiting",
    "PENDING": "waiting",
    "SCHEDULED": "waiting",
    "QUEUED": "waiting",
    "RUNNING": "running",
    "CANCELLING": "stopping",
    "SUCCESS": "succeeded",
    "FAILED": "failed",
    "CANCELLED": "failed",
}


@dataclass(frozen=True)
class Prices:
    """Dollars by the hour; they differ by region."""

    vcpu: Decimal = Decimal("0.052624")
    memory_gb: Decimal = Decimal("0.0057785")
    storage_gb: Decimal = Decimal("0.000111")


@dataclass(frozen=True)
class ServerlessRun:
    """One job run of an application."""

    region: str
    application: str
    run_id: str
    log: CloudWatchLines
    prices: Prices

    @property
    def name(self) -> str:
        """Application and run."""
        return f"EMR Serverless application {self.application} job run {self.run_id}"

    def look(self) -> Seen:
        """Return the present state."""
        return _seen(self.found())

    def stop(self) -> None:
        """Cancel the job run."""
        with explained("stop", self.name):
            self._emr.cancel_job_run(applicationId=self.application, jobRunId=self.run_id)

    def lines(self) -> Iterable[str]:
        """Return the new lines of its driver."""
        return self.log

    def spent(self) -> Mapping[str, Number]:
        """Return vCPU-hours, GB-hours of memory, and dollars."""
        found = self.found()
        used = found.get("billedResourceUtilization") or found.get("totalResourceUtilization", {})
        vcpu, memory, storage = (
            Decimal(str(used.get(name, 0)))
            for name in ("vCPUHour", "memoryGBHour", "storageGBHour")
        )
        cost = (
            vcpu * self.prices.vcpu
            + memory * self.prices.memory_gb
            + storage * self.prices.storage_gb
        )
        return {
            "emr_vcpu_hours": round(vcpu, 4),
            "emr_memory_gb_hours": round(memory, 4),
            "emr_cost_usd": round(cost, 4),
        }

    @property
    def _emr(self) -> Any:
        return client("emr-serverless", self.region)

    def found(self) -> Mapping[str, Any]:
        """Return the job run as EMR describes it."""
        with explained("look at", self.name):
            answer = self._emr.get_job_run(applicationId=self.application, jobRunId=self.run_id)
        found: Mapping[str, Any] = answer["jobRun"]
        return found


@dataclass(frozen=True)
class ServerlessJobs:
    """The job runs of the environment's application."""

    names: AwsNames
    timeout: float
    prices: Prices

    def attempts(self, tag: str) -> list[Attempt]:
        """Return the job runs of a piece of work, which are named by it."""
        application, since = self._application(), dt.datetime.now(dt.UTC) - _LOOKED_BACK
        pages = self._emr.get_paginator("list_job_runs")
        with explained("list the job runs of", self.names.emr_application):
            ids = [
                run["id"]
                for page in pages.paginate(applicationId=application, createdAtAfter=since)
                for run in page["jobRuns"]
                if str(run.get("name", "")).rpartition("/")[0] == tag
            ]
        return [self._attempt(self._run(application, run_id)) for run_id in ids]

    def start(self, request: Request, ordinal: int) -> Job:
        """Start a job run; the same attempt asked for twice is one."""
        application = self._application()
        token = hashlib.sha256(f"{request.tag}/{ordinal}/{request.key}".encode()).hexdigest()
        work = current_work()
        with explained("start a job run of", f"EMR Serverless {self.names.emr_application}"):
            started = self._emr.start_job_run(
                applicationId=application,
                clientToken=token,
                executionRoleArn=self.names.role_arn("emr"),
                name=f"{request.tag}/{ordinal}",
                jobDriver={
                    "sparkSubmit": {
                        "entryPoint": request.script,
                        "entryPointArguments": request.command(ordinal),
                        "sparkSubmitParameters": f"--py-files {request.helpers}",
                    }
                },
                configurationOverrides={
                    "monitoringConfiguration": {
                        "cloudWatchLoggingConfiguration": {
                            "enabled": True,
                            "logGroupName": self.names.log_group("emr"),
                        },
                    }
                },
                # Should nobody be left to stop it.
                executionTimeoutMinutes=max(5, math.ceil(self.timeout / 60)),
                tags={**self.names.tags, **(work.tags if work else {})},
            )
        return self._run(application, started["jobRunId"])

    def going_on(self) -> Iterator[tuple[str, Job]]:
        """Yield the jobs that may still be active, each with the work it was started for."""
        application = self._application()
        pages = self._emr.get_paginator("list_job_runs")
        with explained("list the job runs of", self.names.emr_application):
            for page in pages.paginate(applicationId=application, states=_GOES_ON):
                for run in page["jobRuns"]:
                    if run["state"] in _GOES_ON:
                        tag = str(run.get("name", "")).rpartition("/")[0]
                        yield tag, self._run(application, run["id"])

    @property
    def _emr(self) -> Any:
        return client("emr-serverless", self.names.region)

    def _application(self) -> str:
        wanted = self.names.emr_application
        with explained("find", f"EMR Serverless application {wanted}"):
            for page in self._emr.get_paginator("list_applications").paginate():
                for found in page["applications"]:
                    if found.get("name") == wanted and found["state"] not in _GONE:
                        return str(found["id"])
        raise AwsError(
            f"Cannot find EMR Serverless application {wanted} in {self.names.account} "
            f"{self.names.region}: it does not exist. Deploy the stack of environment "
            f"{self.names.environment} (infra/), or correct CUSTOMER360_DEPLOYMENT.",
            "ResourceNotFoundException",
        )

    def _run(self, application: str, run_id: str) -> ServerlessRun:
        stream = f"/applications/{application}/jobs/{run_id}/"
        log = CloudWatchLines(self.names.region, self.names.log_group("emr"), stream)
        return ServerlessRun(self.names.region, application, run_id, log, self.prices)

    @staticmethod
    def _attempt(run: ServerlessRun) -> Attempt:
        found = run.found()
        command = found["jobDriver"]["sparkSubmit"]["entryPointArguments"]
        return Attempt.of(run, _seen(found), arguments_of(command), found["createdAt"])


class EmrServerlessEngine(JobEngine):
    """A SparkEngine on the environment's EMR Serverless application."""

    prices = Prices()

    def jobs(self, script: Path) -> Jobs:
        """Return the job runs of the application."""
        return ServerlessJobs(self.names, self.patience.deadline, self.prices)


def _seen(run: Mapping[str, Any]) -> Seen:
    return Seen(run["state"], PHASES.get(run["state"]), safe_reason(run.get("stateDetails")))
