"""How a failed Athena query is reported, and which failures are retried."""

from __future__ import annotations

import pytest

from resources.account.aws_names import AwsNames
from resources.athena.client import AthenaClient
from resources.athena.execution import Execution
from resources.athena.text import MOST_BYTES
from resources.protocols.sql_engine import SqlError
from resources.protocols.work import Work
from tests.aws.athena.athena_fixtures import ENDLESS, client, made, states, step
from tests.aws.emulation.athena import Athena

__all__ = ["client", "step"]


def test_a_throttled_call_is_made_again(athena: Athena, client: AthenaClient) -> None:
    athena.throttle("StartQueryExecution", 2)
    athena.throttle("GetQueryExecution", 1)
    client.run("SELECT 1 AS a")
    assert states(athena) == ["SUCCEEDED"]


def test_endless_throttling_is_reported(
    athena: Athena, client: AthenaClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from resources.account import client as aws_client

    monkeypatch.setattr(aws_client, "ATTEMPTS", 2)
    aws_client._client.cache_clear()
    athena.throttle("StartQueryExecution", 1000)
    with pytest.raises(SqlError, match="throttled"):
        client.run("SELECT 1 AS a")
    assert states(athena) == []
    aws_client._client.cache_clear()


def test_a_column_that_is_not_there(athena: Athena, client: AthenaClient) -> None:
    with pytest.raises(SqlError, match=r"COLUMN_NOT_FOUND.*nope"):
        client.run("SELECT nope")
    assert states(athena) == ["FAILED"]


def test_a_text_that_is_no_query_never_starts(athena: Athena, client: AthenaClient) -> None:
    with pytest.raises(SqlError, match="workgroup"):
        client.run("SELECT (1")
    assert states(athena) == []


def test_a_text_that_is_too_long_is_not_sent(athena: Athena, client: AthenaClient) -> None:
    longest = f"SELECT 'é{'x' * (MOST_BYTES - 11)}'"
    assert len(longest.encode()) == MOST_BYTES
    client.run(longest)
    with pytest.raises(SqlError, match=r"262,145 bytes.*at most 262,144"):
        client.run(longest + " ")
    assert states(athena) == ["SUCCEEDED"]


def test_a_table_that_is_not_there(client: AthenaClient) -> None:
    with pytest.raises(SqlError, match=r"TABLE_NOT_FOUND.*nope"):
        client.run("SELECT a FROM nope")


def test_a_workgroup_that_is_not_there(
    aws: AwsNames, athena: Athena, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = made(aws)
    client.workgroup = "customer360-nobody"
    with pytest.raises(SqlError, match="customer360-nobody: it does not exist"):
        client.run("SELECT 1 AS a")


def test_an_exhausted_query_is_not_tried_again(athena: Athena, client: AthenaClient) -> None:
    athena.memory_limit = "1MB"
    with pytest.raises(SqlError, match="build fewer dates at once"):
        client.run(ENDLESS.replace("count(*) AS n", "array_agg(t0.x ORDER BY t1.x) AS n"))
    assert states(athena) == ["FAILED"]


def test_a_fault_of_athenas_own_is_tried_again(
    athena: Athena, client: AthenaClient, monkeypatch: pytest.MonkeyPatch, step: Work
) -> None:
    monkeypatch.setattr("resources.athena.client._jittered", lambda _seconds: 0.01)
    athena.break_next(2)
    client.run("SELECT 1 AS a")
    assert states(athena) == ["FAILED", "FAILED", "SUCCEEDED"]
    athena.break_next(3)
    with pytest.raises(SqlError, match="GENERIC_INTERNAL_ERROR"):
        client.run("SELECT 2 AS a")


def test_a_failure_shows_no_value(client: AthenaClient) -> None:
    with pytest.raises(SqlError) as failure:
        client.run("SELECT CAST(t.x AS bigint) AS a FROM (VALUES 'IBAN-7') AS t (x)")
    assert "IBAN" not in repr(failure.value)
    raw = Execution("q", "FAILED", "INVALID_CAST_ARGUMENT: Cannot cast '5536114288494476' to DATE")
    assert "5536" not in str(raw.failure())
    assert "a value is not of the type" in str(raw.failure())


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("Query exhausted resources at this scale factor", "build fewer dates at once"),
        ("TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers", "build fewer dates"),
        ("Bytes scanned limit was exceeded", "workgroup"),
        ("Access Denied (Service: Amazon S3; Bucket: b-raw; Status Code: 403)", "bucket b-raw"),
        ("TYPE_MISMATCH: line 3:5: Cannot apply operator: bigint = varchar", "bigint = varchar"),
        ("HIVE_BAD_DATA: Field x's value '771' in s3://b-raw/a.parquet", "in bucket b-raw"),
        ("SOMETHING_NEW: value '771'", "SOMETHING_NEW"),
        (
            "AMBIGUOUS_FUNCTION_CALL: line 1:8: Could not choose a best candidate operator.",
            "line 1:8: Could not choose a best candidate operator",
        ),
        (
            "QUERY_HAS_TOO_MANY_STAGES: Number of stages in the query (161) exceeds the allowed "
            "maximum (150). If the query contains multiple aggregates",
            "more stages than Athena runs: read a step's result from a table of its own",
        ),
    ],
)
def test_each_reason_has_its_advice(reason: str, expected: str) -> None:
    found = str(Execution("q", "FAILED", reason).failure())
    assert expected in found
    assert "771" not in found
