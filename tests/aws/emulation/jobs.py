"""Glue job runs, EMR Serverless job runs, EMR steps and their logs; the scripts really run."""

from __future__ import annotations

import gzip
import itertools
import os
import re
import shlex
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

from infra.jobs import EMR_RELEASE
from tests.aws.emulation.job_machine import Machine, Sail
from tests.aws.emulation.job_process import JobProcess
from tests.aws.emulation.job_server import Refused

JSON = {
    "AWSGlue": {"StartJobRun", "GetJobRun", "GetJobRuns", "BatchStopJobRun"},
    "ElasticMapReduce": {"AddJobFlowSteps", "DescribeStep", "ListSteps", "CancelSteps"},
    "Logs_20140328": {"FilterLogEvents"},
}
SERVERLESS = re.compile(r"/applications/([^/?]+)/jobruns(?:/([^/?]+))?(?:\?.*)?")
GLUE = {"running": "RUNNING", "stopping": "STOPPING", "succeeded": "SUCCEEDED",
        "failed": "FAILED", "stopped": "STOPPED", "expired": "TIMEOUT"}  # fmt: skip
EMR = {"running": "RUNNING", "stopping": "CANCELLING", "succeeded": "SUCCESS",
       "failed": "FAILED", "stopped": "CANCELLED", "expired": "CANCELLED"}  # fmt: skip
STEP = {"running": "RUNNING", "stopping": "CANCEL_PENDING", "succeeded": "COMPLETED",
        "failed": "FAILED", "stopped": "CANCELLED", "expired": "FAILED"}  # fmt: skip
PREFIX = {"AWSGlue": "glue", "ElasticMapReduce": "emr", "Logs_20140328": "logs"}
_IDS = itertools.count(1)


class JobServices:
    """What one emulated account runs.

    moto: keeps job definitions, applications and clusters. minute: seconds of a timeout's minute.
    machine: runs the scripts. shown: a state that is shown in place of the true one of a job.
    """

    def __init__(self, moto: str, minute: float = 60.0, machine: Machine | None = None) -> None:
        self.moto, self.minute, self.machine = moto, minute, machine or Sail()
        self.shown: str | None = None
        self.runs: dict[str, JobProcess] = {}
        self._tokens: dict[str, str] = {}

    @property
    def processes(self) -> list[JobProcess]:
        """Every script that was started, oldest first."""
        return list(self.runs.values())

    def close(self) -> None:
        for run in self.processes:
            run.kill()

    def operation(self, method: str, path: str, target: str) -> str | None:
        """Return the operation that is answered here, None for moto's."""
        service, _, name = target.partition(".")
        if name in JSON.get(service, ()):
            return f"{service}.{name}"
        if found := SERVERLESS.fullmatch(path):
            one = found[2] is not None
            known = {("POST", False): "StartJobRun", ("GET", False): "ListJobRuns",
                     ("GET", True): "GetJobRun", ("DELETE", True): "CancelJobRun"}  # fmt: skip
            return f"Serverless.{known[method, one]}"
        return None

    def answer(self, operation: str, path: str, asked: dict[str, Any]) -> dict[str, Any]:
        service, _, name = operation.partition(".")
        if service == "Serverless":
            found = SERVERLESS.fullmatch(path)
            assert found
            query = {k: v[0] for k, v in parse_qs(urlsplit(path).query).items()}
            asked = {**asked, **query, "application": found[1], "run": found[2]}
        made = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        handler = getattr(self, f"{PREFIX.get(service, 'serverless')}_{made}")
        return dict(handler(asked))

    # Glue

    def glue_start_job_run(self, asked: dict[str, Any]) -> dict[str, Any]:
        job = self._moto("glue", "get_job", JobName=asked["JobName"])["Job"]
        active = [r for r in self._of(asked["JobName"]) if r.ended is None]
        if len(active) >= job.get("ExecutionProperty", {}).get("MaxConcurrentRuns", 1):
            raise Refused("ConcurrentRunsExceededException", "Concurrent runs exceeded")
        given = {**job.get("DefaultArguments", {}), **asked.get("Arguments", {})}
        script = given.get("--scriptLocation", job["Command"].get("ScriptLocation"))
        run = self._started(
            f"jr_{next(_IDS):064x}",
            script,
            ["--py-files", given.get("--extra-py-files", "")],
            [part for pair in given.items() for part in pair],
            asked.get("Timeout", job.get("Timeout", 2880)) * self.minute,
            belongs=asked["JobName"],
            group=f"{given.get('--custom-logGroup-prefix', '/aws-glue/jobs')}/output",
            given=asked.get("Arguments", {}),
        )
        run.details["stream"] = run.run_id
        return {"JobRunId": run.run_id}

    def glue_get_job_run(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"JobRun": self._glue_shown(self._one(asked["JobName"], asked["RunId"]))}

    def glue_get_job_runs(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._moto("glue", "get_job", JobName=asked["JobName"])
        return {"JobRuns": [self._glue_shown(r) for r in reversed(self._of(asked["JobName"]))]}

    def glue_batch_stop_job_run(self, asked: dict[str, Any]) -> dict[str, Any]:
        for run_id in asked["JobRunIds"]:
            self._one(asked["JobName"], run_id).stop()
        done = [{"JobName": asked["JobName"], "JobRunId": i} for i in asked["JobRunIds"]]
        return {"SuccessfulSubmissions": done, "Errors": []}

    def _glue_shown(self, run: JobProcess) -> dict[str, Any]:
        shown = {
            "Id": run.run_id,
            "JobName": run.details["belongs"],
            "JobRunState": self._state(run, GLUE),
            "Arguments": run.details["given"],
            "StartedOn": run.started,
            "ExecutionTime": int(run.seconds),
            "MaxCapacity": 2.0,
            "DPUSeconds": round(run.seconds * 2, 1) if run.ended else 0.0,
        }
        if run.outcome == "failed":
            shown["ErrorMessage"] = run.error
        return shown

    # EMR Serverless

    def serverless_start_job_run(self, asked: dict[str, Any]) -> dict[str, Any]:
        application = asked["application"]
        self._moto("emr-serverless", "get_application", applicationId=application)
        if asked["clientToken"] not in self._tokens:
            submit = asked["jobDriver"]["sparkSubmit"]
            watched = asked["configurationOverrides"]["monitoringConfiguration"]
            run = self._started(
                f"{next(_IDS):016d}",
                submit["entryPoint"],
                shlex.split(submit.get("sparkSubmitParameters", "")),
                submit["entryPointArguments"],
                asked["executionTimeoutMinutes"] * self.minute,
                belongs=application,
                group=watched["cloudWatchLoggingConfiguration"]["logGroupName"],
                given=asked,
            )
            place = f"/applications/{application}/jobs/{run.run_id}/SPARK_DRIVER/stdout"
            run.details["stream"] = place
            self._tokens[asked["clientToken"]] = run.run_id
        run_id = self._tokens[asked["clientToken"]]
        return {"applicationId": application, "jobRunId": run_id, "arn": f"arn:{run_id}"}

    def serverless_get_job_run(self, asked: dict[str, Any]) -> dict[str, Any]:
        run = self._one(asked["application"], asked["run"])
        given: Any = run.details["given"]
        hours = run.seconds / 3600 if run.ended else 0
        return {
            "jobRun": {
                **self._serverless_summary(run),
                "jobDriver": given["jobDriver"],
                "tags": given.get("tags", {}),
                "billedResourceUtilization": {
                    "vCPUHour": hours * 4, "memoryGBHour": hours * 16, "storageGBHour": 0,
                },
            }
        }  # fmt: skip

    def serverless_list_job_runs(self, asked: dict[str, Any]) -> dict[str, Any]:
        runs = reversed(self._of(asked["application"]))
        return {"jobRuns": [self._serverless_summary(run) for run in runs]}

    def serverless_cancel_job_run(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._one(asked["application"], asked["run"]).stop()
        return {"applicationId": asked["application"], "jobRunId": asked["run"]}

    def _serverless_summary(self, run: JobProcess) -> dict[str, Any]:
        given: Any = run.details["given"]
        expired = "Job execution timeout" if run.outcome == "expired" else ""
        return {
            "applicationId": run.details["belongs"],
            "id": run.run_id,
            "jobRunId": run.run_id,
            "name": given.get("name"),
            "arn": f"arn:{run.run_id}",
            "createdBy": "tests",
            "createdAt": run.started,
            "updatedAt": run.started,
            "executionRole": given["executionRoleArn"],
            "releaseLabel": EMR_RELEASE,
            "state": self._state(run, EMR),
            "stateDetails": run.error if run.outcome == "failed" else expired,
        }

    # Steps of an EMR cluster

    def emr_add_job_flow_steps(self, asked: dict[str, Any]) -> dict[str, Any]:
        cluster = asked["JobFlowId"]
        described = self._moto("emr", "describe_cluster", ClusterId=cluster)["Cluster"]
        ids = []
        for step in asked["Steps"]:
            args = step["HadoopJarStep"]["Args"]
            # spark-submit, its options and their values, then the script.
            at = next(i for i in range(1, len(args), 2) if not args[i].startswith("--"))
            run = self._started(
                f"s-{uuid.uuid4().hex[:13].upper()}", args[at], args[1:at], args[at + 1 :],
                86_400, belongs=cluster, group="", given=step,
            )  # fmt: skip
            run.details["logs"] = described.get("LogUri", "")
            ids.append(run.run_id)
        return {"StepIds": ids}

    def emr_describe_step(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"Step": self._step_shown(self._one(asked["ClusterId"], asked["StepId"]))}

    def emr_list_steps(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"Steps": [self._step_shown(r) for r in reversed(self._of(asked["ClusterId"]))]}

    def emr_cancel_steps(self, asked: dict[str, Any]) -> dict[str, Any]:
        for step_id in asked["StepIds"]:
            self._one(asked["ClusterId"], step_id).stop()
        answer = [{"StepId": i, "Status": "SUBMITTED"} for i in asked["StepIds"]]
        return {"CancelStepsInfoList": answer}

    def _step_shown(self, run: JobProcess) -> dict[str, Any]:
        given: Any = run.details["given"]
        self._copy_log(run)
        status: dict[str, Any] = {
            "State": self._state(run, STEP),
            "Timeline": {"CreationDateTime": run.started, "StartDateTime": run.started},
        }
        if run.ended:
            status["Timeline"]["EndDateTime"] = run.ended
        if run.outcome == "failed":
            status["FailureDetails"] = {"Reason": "Unknown Error.", "Message": run.error}
        config = {"Jar": "command-runner.jar", "Args": given["HadoopJarStep"]["Args"]}
        return {"Id": run.run_id, "Name": given["Name"], "Config": config, "Status": status}

    def _copy_log(self, run: JobProcess) -> None:
        logs = str(run.details["logs"]).removeprefix("s3://").rstrip("/")
        if logs and run.ended and not run.details.get("copied"):
            bucket, _, prefix = logs.partition("/")
            key = f"{prefix}/{run.details['belongs']}/steps/{run.run_id}/stdout.gz"
            body = gzip.compress("\n".join(text for _, text in run.lines).encode())
            self._moto("s3", "put_object", Bucket=bucket, Key=key, Body=body)
            run.details["copied"] = True

    # CloudWatch

    def logs_filter_log_events(self, asked: dict[str, Any]) -> dict[str, Any]:
        runs = [r for r in self.processes if r.details["group"] == asked["logGroupName"]]
        if not runs:
            raise Refused("ResourceNotFoundException", "The specified log group does not exist.")
        wanted = asked.get("filterPattern", "").strip('"')
        stream = asked.get("logStreamNamePrefix", "")
        events = [
            {"eventId": f"{run.run_id}-{number}", "timestamp": at, "message": text,
             "logStreamName": run.details["stream"]}
            for run in runs if str(run.details["stream"]).startswith(stream)
            for number, (at, text) in enumerate(list(run.lines))
            if wanted in text and at >= asked.get("startTime", 0)
        ]  # fmt: skip
        return {"events": events, "searchedLogStreams": []}

    # All of them

    def _started(
        self, run_id: str, script: str, options: list[str], arguments: list[str], timeout: float,
        **details: object,
    ) -> JobProcess:  # fmt: skip
        command = [*self.machine.command(script, options), *arguments]
        variables = self.machine.variables(self.moto)
        run = JobProcess(run_id, command, arguments, timeout, variables)
        run.details.update(details)
        run.start()
        self.runs[run_id] = run
        return run

    def _of(self, belongs: str) -> list[JobProcess]:
        return [r for r in self.processes if r.details["belongs"] == belongs]

    def _one(self, belongs: str, run_id: str) -> JobProcess:
        run = self.runs.get(run_id)
        if run is None or run.details["belongs"] != belongs:
            raise Refused("EntityNotFoundException", f"{run_id} is not found")
        return run

    def _state(self, run: JobProcess, states: dict[str, str]) -> str:
        return self.shown if self.shown and run.outcome == "running" else states[run.outcome]

    def _moto(self, service: str, operation: str, **asked: object) -> Any:
        import boto3
        from botocore.exceptions import ClientError

        region = os.environ["AWS_REGION"]
        client = boto3.client(service, region_name=region, endpoint_url=self.moto)
        try:
            return getattr(client, operation)(**asked)
        except ClientError as error:
            raise Refused(*map(error.response["Error"].get, ("Code", "Message"))) from None
