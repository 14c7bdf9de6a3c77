"""What the comparison with a real engine sees, and what it leaves out."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from resources.embedded.duckdb_engine import DuckDbEngine
from tests.engines.compared import Plan, Rows, from_disk, rows_of
from tests.engines.recorded import Recorder, Text

PLAN = """\
Fragment 0 [SINGLE]
    Output layout: [n]
    └─ RemoteSource[sourceFragmentIds = [1]]
Fragment 1 [HASH]
    └─ InnerJoin[criteria = (a = b)]
       ├─ ScanFilterProject[table = lake:stage.card$data@7, filterPredicate = true]
       └─ LocalExchange[]
          └─ TableScan[table = lake:stage.card$data@7]
Fragment 2 [SOURCE]
    TableScan[table = lake:stage.account$data@8]
"""


def test_a_plan_is_counted() -> None:
    assert Plan.of(PLAN) == Plan(fragments=3, scans=3, of_one_table=2)


def answered(sql: str, folder: Path) -> Rows:
    return rows_of(DuckDbEngine(), Text("t", sql, (), {}), folder, from_disk)


def test_another_value_another_name_and_another_row_are_seen(tmp_path: Path) -> None:
    rows = answered("SELECT 1 AS a", tmp_path)
    for other in ("SELECT 2 AS a", "SELECT 1 AS b", "SELECT '1' AS a", "SELECT NULL AS a"):
        assert answered(other, tmp_path) != rows
    twice = answered("SELECT a FROM (VALUES 1, 1) AS t (a)", tmp_path)
    assert twice != rows


def test_the_order_and_the_last_digits_of_a_double_are_not(tmp_path: Path) -> None:
    assert answered("SELECT a FROM (VALUES 1, 2) AS t (a)", tmp_path) == answered(
        "SELECT a FROM (VALUES 2, 1) AS t (a)", tmp_path
    )
    assert answered("SELECT 0.3e0 AS a", tmp_path) == answered(
        "SELECT 0.1e0 + 0.2e0 AS a", tmp_path
    )
    assert answered("SELECT 0.3e0 AS a", tmp_path) != answered(
        "SELECT 0.300000001e0 AS a", tmp_path
    )


def test_a_text_is_kept_once_with_most_to_read_and_outlives_its_files(tmp_path: Path) -> None:
    recorder, sql = Recorder(tmp_path / "kept"), "SELECT sum(x) AS n FROM t"
    with recorder.recording():
        for count in (1, 5000, 2):
            file = tmp_path / f"{count}.parquet"
            pq.write_table(pa.table({"x": list(range(count))}), file)
            assert DuckDbEngine().one(sql, inputs={"t": [str(file)]})
            file.unlink()
    (text,) = recorder.found.values()
    assert rows_of(DuckDbEngine(), text, tmp_path, from_disk) == {(): ["{'n': 12497500}"]}


def test_rows_are_compared_by_part(tmp_path: Path) -> None:
    file = tmp_path / "in.parquet"
    days = [dt.date(2024, 5, 22), dt.date(2024, 5, 23)]
    pq.write_table(pa.table({"day": days, "x": [1, 2]}), file)
    text = Text(
        "stage.t", "SELECT day, x FROM t", (), {"t": [str(file)]}, "stage.t",
        (("day", "date"), ("x", "bigint")), ("day",), "x < 3",
    )  # fmt: skip
    assert rows_of(DuckDbEngine(), text, tmp_path / "out", from_disk) == {
        ("2024-05-22",): ["{'day': datetime.date(2024, 5, 22), 'x': 1}"],
        ("2024-05-23",): ["{'day': datetime.date(2024, 5, 23), 'x': 2}"],
    }
