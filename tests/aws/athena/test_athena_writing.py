"""The Athena engine writes: rows in candidates, what it refuses, and what it leaves behind."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from resources.athena.engine import AthenaEngine
from resources.iceberg.glue_lake import GlueLake
from resources.protocols.lake_types import Partitions
from resources.protocols.sql_engine import SqlError
from tests.aws.athena.athena_engine_fixtures import engine, lake
from tests.aws.athena.athena_environment import (
    COLUMNS,
    DAYS,
    PAN,
    ROWS,
    temporary_objects,
    temporary_tables,
)

__all__ = ["engine", "lake"]

SQL = (
    'SELECT business_date, id, amount, "text" FROM raw.card WHERE business_date >= CAST(? AS date)'
)
DATED = ["business_date"]


def run(engine: AthenaEngine, lake: GlueLake, sql: str, columns: list[tuple[str, str]]) -> None:
    inputs = {"raw.card": lake.files("raw.card")}
    engine.run(sql, [], inputs, lake.candidate_dir("stage.card", "run-1"), columns)


def test_a_candidate_is_published_as_it_was_written(lake: GlueLake, engine: AthenaEngine) -> None:
    inputs = {"raw.card": lake.files("raw.card", DAYS[0], DAYS[1])}
    output = lake.candidate_dir("stage.card", "run-1")
    made = engine.run(SQL, [DAYS[0]], inputs, output, COLUMNS, DATED)
    assert made.rows == 3
    assert all(file.startswith(lake.mirror.uri(output)) for file in made.files)
    assert [(part.values, part.rows) for part in made.parts] == [
        (("2024-05-22",), 2),
        (("2024-05-23",), 1),
    ]
    assert lake.files("stage.card") == []
    lake.publish("stage.card", made.files, Partitions.on(*DAYS), {"run_id": "run-1"})
    found = engine.query(
        'SELECT id, amount, "text" FROM stage.card ORDER BY id',
        inputs={"stage.card": lake.files("stage.card")},
    )
    assert found.to_pylist() == [
        {"id": 1, "amount": Decimal("1.10"), "text": PAN},
        {"id": 2, "amount": None, "text": "12"},
        {"id": 3, "amount": Decimal("-2.20"), "text": None},
    ]
    assert temporary_tables(lake) == temporary_objects(lake) == []


def test_what_is_kept_is_chosen_by_the_rows_themselves(
    lake: GlueLake, engine: AthenaEngine
) -> None:
    inputs = {"raw.card": lake.files("raw.card")}
    output = lake.candidate_dir("stage.card", "run-1")
    made = engine.run(SQL, [DAYS[0]], inputs, output, COLUMNS, DATED, where="amount IS NOT NULL")
    assert [part.rows for part in made.parts] == [1, 1]


def test_rows_are_parted_by_a_column_that_is_not_written(
    lake: GlueLake, engine: AthenaEngine
) -> None:
    sql = f"SELECT t.*, CASE WHEN amount IS NULL THEN 'bad' ELSE 'good' END AS fate FROM ({SQL}) t"
    made = engine.run(
        sql,
        [DAYS[0]],
        {"raw.card": lake.files("raw.card")},
        lake.candidate_dir("stage.card", "run-1"),
        COLUMNS,
        ("fate", "business_date"),
    )
    assert [(part.values, part.rows) for part in made.parts] == [
        (("bad", "2024-05-22"), 1),
        (("good", "2024-05-22"), 1),
        (("good", "2024-05-23"), 1),
    ]
    bad = engine.one(
        "SELECT count(*) AS n, max(id) AS id FROM split.rows",
        inputs={"split.rows": [made.parts[0].file]},
    )
    assert bad == {"n": 1, "id": 2}


def test_nothing_selected_is_no_file(lake: GlueLake, engine: AthenaEngine) -> None:
    made = engine.run(
        SQL,
        [dt.date(2030, 1, 1)],
        {"raw.card": lake.files("raw.card")},
        lake.candidate_dir("stage.card", "run-1"),
        COLUMNS,
    )
    assert (made.files, made.rows) == ((), 0)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("CAST(1.005 AS decimal(18, 3))", r"column amount .* decimal\(18,2\) cannot hold"),
        pytest.param(
            "CAST(id AS double) + 0.001e0",
            r"column amount .* decimal\(18,2\) cannot hold",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "CAST(12345678901234567 AS decimal(38, 0))",
            "column amount .* cannot hold",
            marks=pytest.mark.slow,
        ),
        ("CAST(id AS varchar)", "TYPE_MISMATCH"),
        pytest.param("business_date", "TYPE_MISMATCH", marks=pytest.mark.slow),
        pytest.param("amount IS NULL", "TYPE_MISMATCH", marks=pytest.mark.slow),
    ],
)
def test_a_value_that_does_not_fit_fails_by_its_columns_name(
    lake: GlueLake, engine: AthenaEngine, expression: str, expected: str
) -> None:
    sql = f'SELECT business_date, id, {expression} AS amount, "text" FROM raw.card'
    with pytest.raises(SqlError, match=expected):
        run(engine, lake, sql, COLUMNS)
    assert temporary_tables(lake) == temporary_objects(lake) == []
    assert lake.files("stage.card") == []


def test_a_number_is_no_text(lake: GlueLake, engine: AthenaEngine) -> None:
    sql = 'SELECT business_date, id, amount, id AS "text" FROM raw.card'
    with pytest.raises(SqlError, match="TYPE_MISMATCH"):
        run(engine, lake, sql, COLUMNS)


def test_a_narrower_value_that_fits_is_kept(lake: GlueLake, engine: AthenaEngine) -> None:
    sql = (
        "SELECT date_trunc('day', CAST(business_date AS timestamp(6))) AS business_date,"
        ' CAST(id AS double) AS id, CAST(id AS decimal(38, 10)) AS amount, NULL AS "text"'
        " FROM raw.card WHERE id = 3"
    )
    output = lake.candidate_dir("stage.card", "run-1")
    made = engine.run(sql, [], {"raw.card": lake.files("raw.card")}, output, COLUMNS)
    row = engine.one("SELECT * FROM c.rows", inputs={"c.rows": made.files})
    shown = {k: v for k, v in row.items() if not k.startswith("__")}
    assert shown == {"business_date": DAYS[1], "id": 3, "amount": Decimal("3.00"), "text": None}


def test_a_column_that_the_query_lacks(lake: GlueLake, engine: AthenaEngine) -> None:
    with pytest.raises(SqlError, match=r"COLUMN_NOT_FOUND.*amount"):
        run(engine, lake, 'SELECT business_date, id, "text" FROM raw.card', COLUMNS)
    assert temporary_tables(lake) == temporary_objects(lake) == []


def test_more_than_a_hundred_parts_are_too_many_at_once(
    lake: GlueLake, engine: AthenaEngine
) -> None:
    digits = "(VALUES 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)"
    days = (
        "SELECT CAST(date_add('day', a.x + 11 * b.x, DATE '2024-01-01') AS date) AS business_date,"
        f' 1 AS id, 1 AS amount, NULL AS "text" FROM {digits} AS a (x) CROSS JOIN {digits} AS b (x)'
    )
    with pytest.raises(SqlError, match="build fewer dates at once"):
        engine.run(days, [], {}, lake.candidate_dir("stage.card", "a"), COLUMNS, DATED)
    few = lake.candidate_dir("stage.card", "b")
    made = engine.run(days, [], {}, few, COLUMNS, DATED, where="day(business_date) = 1")
    assert [part.values for part in made.parts] == [(f"2024-0{n}-01",) for n in (1, 2, 3, 4)]


def test_a_part_without_a_value_is_refused(lake: GlueLake, engine: AthenaEngine) -> None:
    sql = f"SELECT t.*, CASE WHEN id > 1 THEN 'x' END AS fate FROM ({SQL}) AS t"
    with pytest.raises(SqlError, match=r"partition column .*fate.* is NULL"):
        engine.run(
            sql,
            [DAYS[0]],
            {"raw.card": lake.files("raw.card")},
            lake.candidate_dir("stage.card", "run-1"),
            COLUMNS,
            ("fate", "business_date"),
        )


def test_files_of_a_candidate_hold_the_tables_own_field_ids(
    lake: GlueLake, engine: AthenaEngine, tmp_path: Path
) -> None:
    output = lake.candidate_dir("stage.card", "run-1")
    made = engine.run(SQL, [DAYS[1]], {"raw.card": lake.files("raw.card")}, output, COLUMNS)
    bucket, _, key = made.files[0].removeprefix("s3://").partition("/")
    lake.mirror.s3.download_file(bucket, key, str(tmp_path / "part.parquet"))
    schema = pq.read_schema(tmp_path / "part.parquet")
    ids = {f.name: int(f.metadata[b"PARQUET:field_id"]) for f in schema}
    assert [ids[name] for name, _ in COLUMNS] == [1, 2, 3, 4]
    assert pq.read_table(tmp_path / "part.parquet")["id"].to_pylist() == [
        row[0] for row in ROWS[DAYS[1]]
    ]
