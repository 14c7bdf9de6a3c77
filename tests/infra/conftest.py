"""An environment whose stacks were created on an emulated account."""

from __future__ import annotations

import os
from collections.abc import Iterator
from unittest import mock

import pytest

from resources.account.aws_names import AwsNames
from tests.aws.conftest import aws_endpoint
from tests.aws.environment import ACCOUNT, REGION, variables_of
from tests.infra.emulated_stack import create

__all__ = ["aws_endpoint"]


@pytest.fixture(scope="session")
def created(aws_endpoint: str) -> AwsNames:
    """Return the names of a fully created environment: once for all tests of a process."""
    names = AwsNames(account=ACCOUNT, region=REGION, environment="staging")
    with mock.patch.dict(os.environ, variables_of(aws_endpoint, names)):
        create(names)
    return names


@pytest.fixture(scope="module")
def deployed(aws_endpoint: str, created: AwsNames) -> Iterator[AwsNames]:
    """Yield the names of that environment; the process's variables name its account."""
    with mock.patch.dict(os.environ, variables_of(aws_endpoint, created)):
        yield created
