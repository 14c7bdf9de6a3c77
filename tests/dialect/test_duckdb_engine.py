"""The local SQL engine: what it writes, what it refuses, and what its errors keep quiet about."""

from __future__ import annotations

import datetime as dt
import threading
import traceback
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from resources.embedded.duckdb_engine import DuckDbEngine
from resources.protocols.sql_engine import SqlEngine, SqlError, SqlTimeoutError

PAN = "5536114288494476"
DAYS = [dt.date(2024, 5, 22), dt.date(2024, 5, 23), dt.date(2024, 5, 23)]
SQL = "SELECT business_date, id, amount FROM stage.card WHERE business_date >= CAST(? AS date)"
COLUMNS = [("business_date", "date"), ("id", "bigint"), ("amount", "decimal(18,2)")]
Inputs = dict[str, list[str]]


@pytest.fixture
def engine(tmp_path: Path) -> DuckDbEngine:
    return DuckDbEngine(memory_limit="500MB", temp_directory=tmp_path / "spill", threads=2)


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    table = pa.table(
        {
            "business_date": DAYS,
            "id": [3, 2, 1],
            "amount": [Decimal("1.10"), None, Decimal("2.20")],
            "text": [PAN, "12", None],
        }
    )
    pq.write_table(table, tmp_path / "card.parquet")
    return {"stage.card": [str(tmp_path / "card.parquet")]}


def chain(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(vars(error))


def test_candidate_has_the_contracts_columns_and_types(
    engine: SqlEngine, inputs: Inputs, tmp_path: Path
) -> None:
    found = engine.run(SQL, [DAYS[1]], inputs, tmp_path / "out", COLUMNS, order_by=["id"])
    assert found.files == (str(tmp_path / "out" / "part-0.parquet"),)
    assert found.rows == 2
    table = pq.read_table(found.files[0])
    assert [str(f.type) for f in table.schema] == ["date32[day]", "int64", "decimal128(18, 2)"]
    assert table["id"].to_pylist() == [1, 2]
    assert table["amount"].to_pylist() == [Decimal("2.20"), None]


def test_partitions_keep_their_column_and_their_names(
    engine: SqlEngine, inputs: Inputs, tmp_path: Path
) -> None:
    runs = [
        engine.run(SQL, [DAYS[0]], inputs, tmp_path / name, COLUMNS, ["business_date"], ["id"])
        for name in ("one", "two")
    ]
    names = [Path(f).relative_to(tmp_path / "one").as_posix() for f in runs[0].files]
    assert names == [f"business_date={d}/part-0.parquet" for d in sorted(set(DAYS))]
    assert [Path(f).read_bytes() for f in runs[0].files] == [
        Path(f).read_bytes() for f in runs[1].files
    ]
    last = pq.ParquetFile(runs[0].files[1]).read()
    assert last["business_date"].to_pylist() == DAYS[1:]
    assert last["id"].to_pylist() == [1, 2]
    assert runs[0].rows == 3


def test_partition_column_outside_the_contract_is_not_written(
    engine: SqlEngine, inputs: Inputs, tmp_path: Path
) -> None:
    sql = "SELECT business_date, id, if(id > 1, 'keep', 'drop') AS fate FROM stage.card"
    by = ["fate", "business_date"]
    found = engine.run(sql, [], inputs, tmp_path / "out", COLUMNS[:2], by)
    assert [Path(f).relative_to(tmp_path / "out").parts[0] for f in found.files] == [
        "fate=drop",
        "fate=keep",
        "fate=keep",
    ]
    assert pq.ParquetFile(found.files[0]).read().column_names == ["business_date", "id"]


def test_where_is_applied_to_columns_that_are_not_published(
    engine: SqlEngine, inputs: Inputs, tmp_path: Path
) -> None:
    ranked = "SELECT id, row_number() OVER (ORDER BY id) AS delivery_rank FROM stage.card"
    found = engine.run(
        ranked, [], inputs, tmp_path / "out", [("id", "bigint")], where="delivery_rank = 1"
    )
    assert pq.read_table(found.files[0]).to_pylist() == [{"id": 1}]


def test_no_rows_are_an_empty_candidate(engine: SqlEngine, inputs: Inputs, tmp_path: Path) -> None:
    late = dt.date(2025, 1, 1)
    assert engine.run(SQL, [late], inputs, tmp_path / "one", COLUMNS).rows == 0
    parted = engine.run(SQL, [late], inputs, tmp_path / "two", COLUMNS, ["business_date"])
    assert (parted.files, parted.rows) == ((), 0)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("CAST(1 AS double) / 3", "decimal(18,2)"),
        ("CAST(1.239 AS decimal(18, 3))", "decimal(18,2)"),
        ("CAST(99999 AS bigint)", "decimal(6,2)"),
        ("CAST(2.5 AS double)", "bigint"),
        ("TIMESTAMP '2024-01-01 10:00:00'", "date"),
        ("'12'", "bigint"),
        ("12", "varchar"),
    ],
)
def test_cast_that_loses_something_fails_by_the_columns_name(
    engine: SqlEngine, tmp_path: Path, expression: str, kind: str
) -> None:
    with pytest.raises(SqlError, match="column amount"):
        engine.run(f"SELECT {expression} AS amount", [], {}, tmp_path / "out", [("amount", kind)])


@pytest.mark.parametrize(
    ("expression", "kind", "value"),
    [
        ("sum(x)", "bigint", 3),
        ("CAST(0.10e0 AS double)", "decimal(18,2)", Decimal("0.10")),
        ("date_add('month', 1, max(d))", "date", dt.date(2024, 2, 29)),
        ("NULL", "varchar", None),
        ("CAST(1.5 AS decimal(18, 2))", "decimal(20,10)", Decimal("1.5")),
    ],
)
def test_cast_without_loss_passes(
    engine: SqlEngine, tmp_path: Path, expression: str, kind: str, value: object
) -> None:
    rows = "(VALUES (1, DATE '2024-01-31'), (2, NULL)) AS t (x, d)"
    sql = f"SELECT max(c) AS c FROM (SELECT {expression} AS c FROM {rows}) AS u"
    found = engine.run(sql, [], {}, tmp_path / "out", [("c", kind)])
    assert pq.read_table(found.files[0])["c"].to_pylist() == [value]


@pytest.mark.parametrize(
    "expression",
    [
        "CAST(text AS bigint) + CAST(text AS integer)",
        "CAST(text AS decimal(6, 2))",
        "CAST(text AS date)",
        "date_parse(text, '%Y%m%d')",
        "json_parse(text || '{')",
        "CAST(CAST(text AS bigint) AS integer)",
        "CAST(text AS timestamp(6))",
    ],
)
@pytest.mark.parametrize("way", ["run", "query", "session"])
def test_error_holds_no_value_of_the_data(
    engine: SqlEngine, inputs: Inputs, tmp_path: Path, expression: str, way: str
) -> None:
    sql = f"SELECT {expression} AS c FROM stage.card"
    with engine.session(inputs) as session:
        ways: dict[str, Callable[[], object]] = {
            "run": lambda: engine.run(sql, [], inputs, tmp_path / "out", [("c", "bigint")]),
            "query": lambda: engine.query(sql, [], inputs),
            "session": lambda: session.query(sql),
        }
        with pytest.raises(SqlError) as caught:
            ways[way]()
    assert PAN not in chain(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert "stage.card" in str(caught.value)


def test_lossy_output_holds_no_value(engine: SqlEngine, inputs: Inputs, tmp_path: Path) -> None:
    with pytest.raises(SqlError, match="column text") as caught:
        engine.run("SELECT text FROM stage.card", [], inputs, tmp_path / "o", [("text", "bigint")])
    assert PAN not in chain(caught.value)


def test_broken_file_is_named(engine: SqlEngine, tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_text(PAN)
    with pytest.raises(SqlError, match=r"bad\.parquet") as caught:
        engine.query(
            "SELECT * FROM stage.card", [], {"stage.card": [str(tmp_path / "bad.parquet")]}
        )
    assert PAN not in chain(caught.value)


def test_missing_column_is_named(engine: SqlEngine, inputs: Inputs, tmp_path: Path) -> None:
    with pytest.raises(SqlError, match="no column x"):
        engine.run("SELECT id FROM stage.card", [], inputs, tmp_path / "out", [("x", "bigint")])
    with pytest.raises(SqlError, match="nope"):
        engine.query("SELECT nope FROM stage.card", [], inputs)


def test_folder_with_files_is_refused(engine: SqlEngine, inputs: Inputs, tmp_path: Path) -> None:
    with pytest.raises(SqlError, match="not empty"):
        engine.run(SQL, [DAYS[0]], inputs, tmp_path, COLUMNS)


def test_small_results(engine: SqlEngine, inputs: Inputs) -> None:
    sql = "SELECT count(*) AS n, sum(id) AS ids, count_if(id > ?) AS big FROM stage.card"
    assert engine.one(sql, [2], inputs) == {"n": 3, "ids": 6, "big": 1}
    assert str(engine.query(sql, [2], inputs).schema.field("ids").type) == "int64"
    with pytest.raises(SqlError, match="gave 3"):
        engine.one("SELECT id FROM stage.card", [], inputs)


def test_columns_that_an_older_file_lacks_are_null(engine: SqlEngine, tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "old.parquet")
    pq.write_table(pa.table({"a": [2], "b": ["x"]}), tmp_path / "new.parquet")
    files = {"raw.t": [str(tmp_path / "old.parquet"), str(tmp_path / "new.parquet")]}
    rows = engine.query("SELECT a, b FROM raw.t ORDER BY a", [], files).to_pylist()
    assert rows == [{"a": 1, "b": None}, {"a": 2, "b": "x"}]


ENDLESS = (
    "SELECT count(*) AS n FROM (VALUES 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) AS a (x) "
    + " ".join(f"CROSS JOIN (VALUES 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) AS b{i} (x)" for i in range(11))
    + " WHERE a.x + b1.x + b2.x <> b3.x * b4.x"
)


def test_query_stops_at_its_time_limit() -> None:
    with pytest.raises(SqlTimeoutError):
        DuckDbEngine(timeout_seconds=0.3, threads=1).query(ENDLESS)


def test_query_can_be_cancelled() -> None:
    engine = DuckDbEngine(threads=1)
    timer = threading.Timer(0.3, engine.cancel)
    timer.start()
    with pytest.raises(SqlTimeoutError):
        engine.query(ENDLESS)
    timer.join()


def test_session_reads_the_lake_and_nothing_else(
    engine: SqlEngine, inputs: Inputs, tmp_path: Path
) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    before = Path(inputs["stage.card"][0]).read_bytes()
    with engine.session(inputs) as session:
        assert session.query("SELECT sum(id) AS s FROM stage.card").to_pylist() == [{"s": 6}]
        assert "PARQUET" in session.explain("SELECT id FROM stage.card")
        for attempt in (
            f"SELECT * FROM read_csv('{tmp_path / 'secret.csv'}')",
            f"SELECT * FROM '{tmp_path / 'secret.csv'}'",
            f"COPY (SELECT 1) TO '{inputs['stage.card'][0]}'",
            "SET enable_external_access = true",
            "SET lock_configuration = false",
            "CREATE TABLE t AS SELECT 1 AS a",
            "DROP VIEW stage.card",
            f"ATTACH '{tmp_path / 'x.db'}'",
            "INSTALL httpfs",
        ):
            with pytest.raises((SqlError, ValueError)):
                session.query(attempt)
        with pytest.raises(ValueError, match="one statement"):
            session.query("SELECT 1; DROP VIEW stage.card")
        assert session.query("SELECT count(*) AS n FROM stage.card").to_pylist() == [{"n": 3}]
    assert Path(inputs["stage.card"][0]).read_bytes() == before
