"""What runs an environment's jobs: Glue, the EMR application, and the emulation behind them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from infra.jobs import EMR_RELEASE, GLUE_RELEASE
from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.jobs.watch import Patience
from tests.aws.emulation.job_machine import Machine
from tests.aws.emulation.job_server import JobServer
from tests.aws.emulation.jobs import JobServices

ROUTED = ("GLUE", "EMR", "EMR_SERVERLESS", "LOGS")
GLUE_SCRIPTS = ("customer_history", "extract_transactions")
# So that a test is not slower than what it runs.
HASTY = Patience(deadline=600, unknown=1, last_words=2, stopping=20, first=0.1, longest=0.3)


@dataclass
class EmulatedJobs:
    """What runs, and the server that starts it."""

    services: JobServices
    server: JobServer


@contextmanager
def emulated_jobs(
    endpoint: str, minute: float = 60.0, machine: Machine | None = None
) -> Iterator[EmulatedJobs]:
    """Route the services that run jobs to the emulation; every script is ended afterwards."""
    services = JobServices(endpoint, minute, machine)
    server = JobServer(services, endpoint)
    routes = {f"AWS_ENDPOINT_URL_{name}": server.endpoint for name in ROUTED}
    with mock.patch.dict(os.environ, routes):
        try:
            yield EmulatedJobs(services, server)
        finally:
            services.close()
            server.close()


def create_jobs(names: AwsNames) -> None:
    """Create what the environment's stack has for jobs."""
    for script in GLUE_SCRIPTS:
        client("glue", names.region).create_job(
            Name=names.glue_job(script),
            Role=names.role_arn("glue"),
            Command={"Name": "glueetl", "ScriptLocation": f"{names.code}/{script}.py"},
            ExecutionProperty={"MaxConcurrentRuns": 3},
            GlueVersion=GLUE_RELEASE,
        )
    client("emr-serverless", names.region).create_application(
        name=names.emr_application, releaseLabel=EMR_RELEASE, type="SPARK"
    )


def create_cluster(names: AwsNames, name: str) -> str:
    """Create a cluster that copies its logs to the environment; give its id."""
    started = client("emr", names.region).run_job_flow(
        Name=name,
        LogUri=f"{names.job_logs}/",
        ReleaseLabel=EMR_RELEASE,
        Instances={"KeepJobFlowAliveWhenNoSteps": True, "InstanceCount": 1,
                   "MasterInstanceType": "m5.xlarge"},
        JobFlowRole=names.role("emr_instances"),
        ServiceRole=names.role("emr"),
    )  # fmt: skip
    return str(started["JobFlowId"])
