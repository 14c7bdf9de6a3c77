"""The Athena engine reads: what a query is given, what it answers, and what it leaves behind."""

from __future__ import annotations

from decimal import Decimal

import boto3
import pytest
from botocore.config import Config

from resources.athena.engine import AthenaEngine
from resources.athena.fan_out import QueriesFailedError
from resources.iceberg.glue_lake import GlueLake
from resources.protocols.sql_engine import Query, SqlError
from tests.aws.athena.athena_engine_fixtures import engine, lake
from tests.aws.athena.athena_environment import DAYS, publish, temporary_objects, temporary_tables
from tests.aws.emulation.athena import Athena

__all__ = ["engine", "lake"]


def test_a_slice_stays_what_it_was(lake: GlueLake, engine: AthenaEngine) -> None:
    before = lake.files("raw.card", DAYS[0], DAYS[0])
    publish(lake, "raw.card", {DAYS[0]: [(7, None, None)]})
    count = "SELECT count(*) AS n, max(id) AS id FROM raw.card"
    assert engine.one(count, inputs={"raw.card": before}) == {"n": 2, "id": 2}
    now = lake.files("raw.card", DAYS[0], DAYS[0])
    assert engine.one(count, inputs={"raw.card": now}) == {"n": 1, "id": 7}


def test_a_slice_and_its_plain_files_are_the_same_rows(
    lake: GlueLake, engine: AthenaEngine, athena: Athena
) -> None:
    day = lake.files("raw.card", DAYS[0], DAYS[0])
    sums = "SELECT count(*) AS n, sum(amount) AS amount FROM raw.card AS c WHERE c.id > 0"
    both = [engine.one(sums, inputs={"raw.card": files}) for files in (day, list(day))]
    assert both[0] == both[1] == {"n": 2, "amount": Decimal("1.10")}
    texts = [query.sql for query in athena.queries.values()]
    assert "FOR VERSION AS OF" in texts[0]
    assert "mounted_" in texts[1]
    scanned = [query.answer.scanned for query in athena.queries.values() if query.answer]
    assert scanned == [lake.bytes(day)] * 2


def test_a_query_reads_only_what_it_is_given(lake: GlueLake, engine: AthenaEngine) -> None:
    with pytest.raises(SqlError, match=r"stage\.card is not among the tables"):
        engine.query("SELECT id FROM stage.card", inputs={"raw.card": lake.files("raw.card")})


def test_a_query_that_scans_too_much_is_named(
    lake: GlueLake, engine: AthenaEngine, athena: Athena, aws_endpoint: str
) -> None:
    # AWS allows no limit below ten megabytes, and the table is smaller.
    small = Config(parameter_validation=False)
    boto3.client(
        "athena", lake.names.region, endpoint_url=aws_endpoint, config=small
    ).create_work_group(
        Name=f"{lake.names.workgroup}-limited",
        Configuration={"BytesScannedCutoffPerQuery": 1},
    )
    engine._client.workgroup += "-limited"
    with pytest.raises(SqlError, match="it would scan more than the workgroup allows"):
        engine.one("SELECT max(id) AS n FROM raw.card", inputs={"raw.card": lake.files("raw.card")})
    assert [query.state for query in athena.queries.values()] == ["CANCELLED"]


def test_one_row_is_one_row(lake: GlueLake, engine: AthenaEngine) -> None:
    with pytest.raises(SqlError, match="a query of one row gave 3"):
        engine.one("SELECT id FROM raw.card", inputs={"raw.card": lake.files("raw.card")})
    assert temporary_tables(lake) == temporary_objects(lake) == []


def test_a_failed_query_takes_no_other_with_it(
    lake: GlueLake, engine: AthenaEngine, athena: Athena
) -> None:
    card = {"raw.card": list(lake.files("raw.card"))}
    queries = {
        "first": Query("SELECT count(*) AS n FROM raw.card", (), card),
        "broken": Query("SELECT nope FROM raw.card", (), card),
        "last": Query("SELECT max(id) AS n FROM raw.card WHERE id < ?", [3], card),
    }
    with pytest.raises(QueriesFailedError, match=r"1 of 3 .*broken: .*nope") as failure:
        engine.rows(queries)
    assert failure.value.rows == {"first": {"n": 3}, "last": {"n": 2}}
    assert len(athena.queries) == 3
    assert temporary_tables(lake) == temporary_objects(lake) == []
    del queries["broken"]
    assert engine.rows(queries) == {"first": {"n": 3}, "last": {"n": 2}}


def test_many_rows_come_through_files_and_the_files_go(
    lake: GlueLake, engine: AthenaEngine, athena: Athena, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resources.athena.reading.PAGES_AT_MOST", 1)
    digits = "(VALUES 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)"
    sql = (
        "SELECT a.x + 10 * b.x + 100 * c.x + 1000 * d.x AS n, 'x' AS t"
        f" FROM {digits} AS a (x) CROSS JOIN {digits} AS b (x)"
        f" CROSS JOIN {digits} AS c (x) CROSS JOIN {digits} AS d (x)"
    )
    unordered = engine.query(sql)
    assert sorted(unordered["n"].to_pylist()) == list(range(10_000))
    assert len(athena.queries) == 2
    bucket, _, prefix = lake.names.temporary.removeprefix("s3://").partition("/")
    listed = lake.mirror.s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/athena")
    assert listed["KeyCount"] == 0
    # In order, it comes by pages: ten of them.
    ordered = engine.query(f"{sql} ORDER BY n DESC")
    assert ordered["n"].to_pylist() == list(range(9_999, -1, -1))
    assert len(athena.queries) == 3


def test_a_session_reads_and_changes_nothing(lake: GlueLake, engine: AthenaEngine) -> None:
    with engine.session({"raw.card": lake.files("raw.card")}) as session:
        assert session.query("SELECT count(*) AS n FROM raw.card").to_pylist() == [{"n": 3}]
        assert session.explain("SELECT count(*) AS n FROM raw.card")
        with pytest.raises(SqlError, match="only SELECT"):
            session.query("INSERT INTO raw.card SELECT 1")
