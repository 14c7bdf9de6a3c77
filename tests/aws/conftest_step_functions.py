"""An emulated Step Functions behind the environment of a test, with its state machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest

from infra.fan_out import DEFINITION
from resources.account.aws_names import AwsNames
from tests.aws.emulation.athena import Athena
from tests.aws.emulation.athena_tables import service
from tests.aws.emulation.step_functions import StepFunctions


@contextmanager
def emulated_step_functions(
    endpoint: str, athena_url: str, names: AwsNames
) -> Iterator[StepFunctions]:
    """Yield a Step Functions that queries at `athena_url`; the process's variables name it."""
    account = service("stepfunctions", endpoint, names.region)
    machines = account.list_state_machines()["stateMachines"]
    if names.state_machine_arn not in {m["stateMachineArn"] for m in machines}:
        account.create_state_machine(
            name=names.state_machine,
            definition=DEFINITION.read_text("utf-8"),
            roleArn=names.role_arn("queries"),
        )
    with (
        StepFunctions(endpoint, athena_url, names.region) as found,
        mock.patch.dict(os.environ, {"AWS_ENDPOINT_URL_STEPFUNCTIONS": found.url}),
    ):
        yield found


@pytest.fixture
def step_functions(aws_endpoint: str, aws: AwsNames, athena: Athena) -> Iterator[StepFunctions]:
    """Yield the Step Functions of the environment."""
    with emulated_step_functions(aws_endpoint, athena.url, aws) as found:
        yield found
