"""What Athena answers, as rows: doubles, lists, and plans of which no line is missing."""

from __future__ import annotations

import pytest

from resources.account.aws_names import AwsNames
from resources.athena.client import AthenaClient
from resources.athena.output import lossless_cast
from resources.athena.results import arrow
from resources.protocols.sql_engine import SqlError
from tests.aws.athena.athena_fixtures import client, made
from tests.aws.emulation.athena import Athena

__all__ = ["client"]


def as_double(value: str) -> str:
    """Return the query of a value that becomes a double."""
    return f"SELECT {lossless_cast('x', 'double')} FROM (SELECT {value} AS x) AS given"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("CAST(9007199254740992 AS bigint)", 9007199254740992.0),
        ("CAST(0.1 AS decimal(18, 1))", 0.1),
        ("CAST(-5 AS integer)", -5.0),
        ("1e300", 1e300),
        ("-1e-300", -1e-300),
        ("CAST(NULL AS bigint)", None),
    ],
)
def test_a_number_that_a_double_holds(client: AthenaClient, value: str, kept: object) -> None:
    found = client.run(as_double(value))
    assert arrow(client.pages(found.query_id)).to_pylist() == [{"x": kept}]


@pytest.mark.parametrize(
    "value",
    [
        "CAST(9007199254740993 AS bigint)",
        "CAST('9223372036854775807' AS bigint)",
        "CAST('12345678901234567890123456789.1' AS decimal(30, 1))",
        "CAST('0.12345678901234567' AS decimal(18, 17))",
    ],
)
def test_a_number_whose_digits_a_double_loses(client: AthenaClient, value: str) -> None:
    with pytest.raises(SqlError, match="column x has a value that double cannot hold"):
        client.run(as_double(value))


def test_a_text_is_no_double(aws: AwsNames, athena: Athena) -> None:
    with pytest.raises(SqlError, match="TYPE_MISMATCH"):
        made(aws).run(as_double("'1'"))


def test_a_list_is_its_text(client: AthenaClient) -> None:
    found = client.run("SELECT array_agg(x ORDER BY x) AS a FROM (VALUES 2, 1) AS t (x)")
    assert arrow(client.pages(found.query_id)).to_pylist() == [{"a": "[1, 2]"}]


@pytest.mark.parametrize("heading", [[], ["Query Plan"]])
def test_no_line_of_a_plan_is_lost(heading: list[str]) -> None:
    lines = [*heading, "Fragment 0 [SINGLE]", "    Output[]"]
    page = {
        "ResultSet": {
            "Rows": [{"Data": [{"VarCharValue": line}]} for line in lines],
            "ResultSetMetadata": {"ColumnInfo": [{"Name": "Query Plan", "Type": "varchar"}]},
        }
    }
    assert arrow([page]).column(0).to_pylist() == ["Fragment 0 [SINGLE]", "    Output[]"]


def test_a_row_that_reads_as_the_names_is_a_row(client: AthenaClient) -> None:
    found = client.run("SELECT 'a' AS a")
    assert arrow(client.pages(found.query_id)).to_pylist() == [{"a": "a"}]
