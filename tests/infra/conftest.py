"""A stage whose stacks were created on an emulated account."""

from __future__ import annotations

import os
from collections.abc import Iterator
from unittest import mock

import pytest

from resources.account.aws_names import AwsNames
from tests.aws.conftest import aws_endpoint
from tests.aws.environment import ACCOUNT, REGION, environment
from tests.infra.emulated_stack import create

__all__ = ["aws_endpoint"]


@pytest.fixture(scope="session")
def created(aws_endpoint: str) -> AwsNames:
    """Return the names of a fully created stage: once for all tests of a process."""
    names = AwsNames(account=ACCOUNT, region=REGION, stage="staging")
    with mock.patch.dict(os.environ, environment(aws_endpoint, names)):
        create(names)
    return names


@pytest.fixture(scope="module")
def deployed(aws_endpoint: str, created: AwsNames) -> Iterator[AwsNames]:
    """Yield the names of that stage; the environment points to its account."""
    with mock.patch.dict(os.environ, environment(aws_endpoint, created)):
        yield created
