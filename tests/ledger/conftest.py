from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from resources.account.aws_names import AwsNames
from resources.dynamodb.ledger import DynamoLedger
from resources.embedded.sqlite_ledger import SqliteLedger
from resources.protocols.ledger import Ledger
from tests.aws.conftest import aws, aws_endpoint

__all__ = ["aws", "aws_endpoint"]

Process = Callable[[], Ledger]


@pytest.fixture(params=["sqlite", "dynamodb"])
def process(request: pytest.FixtureRequest, tmp_path: Path) -> Process:
    """Return a function whose ledgers are those of different processes: no memory is shared."""
    if request.param == "sqlite":
        return lambda: SqliteLedger(tmp_path / "archive" / "ledger.db")
    names: AwsNames = request.getfixturevalue("aws")
    return lambda: DynamoLedger(names.ledger_table, names.region, names.archive)


@pytest.fixture
def on_dynamodb(aws: AwsNames) -> Callable[[], DynamoLedger]:
    """Return a function whose ledgers on DynamoDB are those of different processes."""
    return lambda: DynamoLedger(aws.ledger_table, aws.region, aws.archive)
