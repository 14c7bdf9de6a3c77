"""Spark jobs as steps of an EMR cluster that somebody runs: here it neither starts nor ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.account.client import client
from resources.account.errors import AwsError, explained
from resources.jobs.engine import JobEngine
from resources.jobs.logs import CopiedLines
from resources.jobs.messages import safe_reason
from resources.jobs.runs import Attempt, Jobs, Request, arguments_of
from resources.jobs.watch import Job, Patience, Phase, Seen
from resources.protocols.work import Number

if TYPE_CHECKING:
    from resources.account.aws_names import AwsNames
    from resources.s3.mirror import Mirror

_ALIVE = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"]
PHASES: dict[str, Phase] = {
    "PENDING": "waiting",
    "RUNNING": "running",
    "CANCEL_PENDING": "stopping",
    "COMPLETED": "succeeded",
    "FAILED": "failed",
    "CANCELLED": "failed",
    "INTERRUPTED": "failed",
}
REASONS = {
    "CANCELLED": "it was cancelled, by somebody or by a step before it that failed",
    "INTERRUPTED": "the cluster ended",
}


@dataclass(frozen=True)
class Step:
    """One step of a cluster."""

    region: str
    cluster: str
    step_id: str
    log: CopiedLines | tuple[str, ...]

    @property
    def name(self) -> str:
        """Cluster and step."""
        return f"EMR cluster {self.cluster} step {self.step_id}"

    def look(self) -> Seen:
        """Return the present state."""
        return _seen(self._found())

    def stop(self) -> None:
        """Cancel the step; raises AwsError if the cluster refuses."""
        with explained("stop", self.name):
            answer = self._emr.cancel_steps(
                ClusterId=self.cluster,
                StepIds=[self.step_id],
                StepCancellationOption="TERMINATE_PROCESS",
            )
        for answered in answer.get("CancelStepsInfoList", ()):
            if answered["Status"] != "SUBMITTED" and not self.look().ended:
                raise AwsError(
                    f"Cannot stop {self.name}: {answered.get('Reason')}", answered["Status"]
                )

    def lines(self) -> Iterable[str]:
        """Return the new lines of its output, which EMR copies every few minutes."""
        return self.log

    def spent(self) -> Mapping[str, Number]:
        """Return the seconds it ran: the cluster has its price whatever runs on it."""
        times = self._found()["Status"].get("Timeline", {})
        if "StartDateTime" not in times or "EndDateTime" not in times:
            return {}
        seconds = (times["EndDateTime"] - times["StartDateTime"]).total_seconds()
        return {"emr_step_seconds": round(seconds, 1)}

    @property
    def _emr(self) -> Any:
        return client("emr", self.region)

    def _found(self) -> Mapping[str, Any]:
        with explained("look at", self.name):
            answer = self._emr.describe_step(ClusterId=self.cluster, StepId=self.step_id)
        found: Mapping[str, Any] = answer["Step"]
        return found


@dataclass(frozen=True)
class ClusterSteps:
    """The steps of the cluster of a name."""

    names: AwsNames
    cluster: str

    def attempts(self, tag: str) -> list[Attempt]:
        """Return the steps of a piece of work, which are named by it."""
        cluster_id, logs = self._running()
        with explained("list the steps of", f"EMR cluster {self.cluster}"):
            pages = self._emr.get_paginator("list_steps").paginate(ClusterId=cluster_id)
            return [
                Attempt.of(
                    self._step(cluster_id, logs, step["Id"]),
                    _seen(step),
                    arguments_of(step["Config"]["Args"]),
                    step["Status"]["Timeline"]["CreationDateTime"],
                )
                for page in pages
                for step in page["Steps"]
                if str(step["Name"]).rpartition("/")[0] == tag
            ]

    def start(self, request: Request, ordinal: int) -> Job:
        """Add a step."""
        cluster_id, logs = self._running()
        submit = ["spark-submit", "--deploy-mode", "client", "--py-files", request.helpers]
        step = {
            "Name": f"{request.tag}/{ordinal}",
            # Other steps are none of its business.
            "ActionOnFailure": "CONTINUE",
            "HadoopJarStep": {
                "Jar": "command-runner.jar",
                "Args": [*submit, request.script, *request.command(ordinal)],
            },
        }
        with explained("add a step to", f"EMR cluster {self.cluster}"):
            added = self._emr.add_job_flow_steps(JobFlowId=cluster_id, Steps=[step])
        return self._step(cluster_id, logs, added["StepIds"][0])

    def going_on(self) -> Iterator[tuple[str, Job]]:
        """Yield the jobs that may still be active, each with the work it was started for.

        Nothing without a cluster. Environments may share one: only steps with our own code count.
        """
        pages = self._emr.get_paginator("list_steps")
        for cluster_id in self._alive():
            with explained("list the steps of", f"EMR cluster {self.cluster}"):
                asked = pages.paginate(ClusterId=cluster_id, StepStates=["PENDING", "RUNNING"])
                for step in (step for page in asked for step in page["Steps"]):
                    ours = any(a.startswith(f"{self.names.code}/") for a in step["Config"]["Args"])
                    if ours and _seen(step).active:
                        tag = str(step["Name"]).rpartition("/")[0]
                        yield tag, self._step(cluster_id, "", step["Id"])

    @property
    def _emr(self) -> Any:
        return client("emr", self.names.region)

    def _running(self) -> tuple[str, str]:
        """Return the id of the cluster, and where it copies its logs to."""
        ids = self._alive()
        if len(ids) != 1:
            found = "none" if not ids else f"{len(ids)}: {', '.join(ids)}; name one by its id"
            raise AwsError(
                f"Cannot find EMR cluster {self.cluster}: of those that run in "
                f"{self.names.account} {self.names.region}, {found}. Start it, or leave "
                "emr_cluster empty to use EMR Serverless.",
                "ClusterNotFound",
            )
        with explained("look at", f"EMR cluster {self.cluster}"):
            described = self._emr.describe_cluster(ClusterId=ids[0])["Cluster"]
        return ids[0], str(described.get("LogUri") or "")

    def _alive(self) -> list[str]:
        """Return the ids of the clusters with this name, or the one with this id."""
        with explained("find", f"EMR cluster {self.cluster}"):
            pages = self._emr.get_paginator("list_clusters").paginate(ClusterStates=_ALIVE)
            return [
                c["Id"]
                for page in pages
                for c in page["Clusters"]
                if self.cluster in (c["Name"], c["Id"])
            ]

    def _step(self, cluster_id: str, logs: str, step_id: str) -> Step:
        # EMR reports the address with the scheme of its own file system.
        base = logs.replace("s3n://", "s3://").rstrip("/")
        log = CopiedLines(self.names.region, f"{base}/{cluster_id}/steps/{step_id}/stdout.gz")
        return Step(self.names.region, cluster_id, step_id, log if base else ())


class EmrClusterEngine(JobEngine):
    """A SparkEngine whose jobs are steps of a cluster, given by name or id."""

    def __init__(
        self, names: AwsNames, mirror: Mirror, cluster: str, patience: Patience | None = None
    ) -> None:
        super().__init__(names, mirror, patience)
        self._cluster = cluster

    def jobs(self, script: Path) -> Jobs:
        """Return the steps of the cluster."""
        return ClusterSteps(self.names, self._cluster)


def _seen(step: Mapping[str, Any]) -> Seen:
    status = step["Status"]
    details = status.get("FailureDetails", {})
    answered = " ".join(str(details.get(part, "")) for part in ("Reason", "Message"))
    state = status["State"]
    return Seen(state, PHASES.get(state), safe_reason(answered) or REASONS.get(state, ""))
