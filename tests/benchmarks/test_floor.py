import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from benchmarks.verify import OtherRowsError, verify

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_floor_computes_the_platforms_rows_and_the_build_is_measured(tmp_path: Path) -> None:
    size = ["--customers", "60", "--days", "8", "--transactions-per-customer", "20"]
    folders = ["--scratch", str(tmp_path / "scratch"), "--results", str(tmp_path / "results")]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.run", *size, *folders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    # A table that differs is an exit code and a message: rows are compared by benchmarks.run.
    assert done.returncode == 0, done.stderr
    assert "floor: the platform's" in done.stdout
    (file,) = (tmp_path / "results").glob("*.json")
    result = json.loads(file.read_text(encoding="utf-8"))
    platform, floor = result["subjects"]["platform"], result["subjects"]["floor"]
    assert result["rows"]["dimension.customer_history"] == result["rows"]["stage.customer"] == 60
    assert platform["wall_seconds"] > floor["wall_seconds"] > 0
    assert platform["peak_rss_bytes"] > 0
    assert set(floor["seconds_by_table"]) - {"ga.session"} <= set(platform["seconds_by_table"])
    parts = sum(platform["seconds_by_part"].values())
    assert parts == pytest.approx(platform["cpu_seconds"], rel=0.3)


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ("SELECT 1::BIGINT AS a, 2.00::DECIMAL(18, 2) AS b", "rows"),
        ("SELECT unnest([1, 2])::BIGINT AS a, unnest([2.00, 3.01])::DECIMAL(18, 2) AS b", "b"),
        ("SELECT unnest([1, NULL])::BIGINT AS a, unnest([2.00, 3.00])::DECIMAL(18, 2) AS b", "a"),
    ],
)
def test_a_subject_with_other_rows_is_refused(tmp_path: Path, other: str, named: str) -> None:
    ours, theirs = str(tmp_path / "ours.parquet"), str(tmp_path / "theirs.parquet")
    right = "SELECT unnest([1, 2])::BIGINT AS a, unnest([2.00, 3.00])::DECIMAL(18, 2) AS b"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({right}) TO '{ours}'")
        connection.execute(f"COPY ({other}) TO '{theirs}'")
    assert verify({"stage.x": [ours]}, {"stage.x": ours}) == {"stage.x": 2}
    with pytest.raises(OtherRowsError, match=rf"stage\.x \(.*\b{named}\b"):
        verify({"stage.x": [ours]}, {"stage.x": theirs})
