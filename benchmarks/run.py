"""The benchmark: `python -m benchmarks.run --customers 10000 [--peers]`.

Simulates a bank, builds it with the platform and with the floor (and the peers), checks that all
made the same rows, and writes benchmarks/results/<size>.json.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform as machine
import shutil
import subprocess
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import report, subjects
from benchmarks.bank import Size, delivered_bank
from benchmarks.recorded import published, row_counts
from benchmarks.subject import Task
from benchmarks.verify import verify

RESULTS = Path(__file__).parent / "results"
PLOT = Path(__file__).parent / "plot.py"
PACKAGES = ("dagster", "duckdb", "pyiceberg", "pyspark", "sqlglot")


def main() -> int:
    """Run the benchmark at one size."""
    given = _arguments()
    size = Size(given.customers, given.days, given.transactions_per_customer)
    scratch: Path = given.scratch.resolve() / size.name
    bank = delivered_bank(scratch / "bank", size)
    _say(f"{bank.transactions:,} transactions and {bank.files:,} files in {bank.landing}")

    def task(name: str) -> Task:
        return Task(bank.landing, bank.settings.end, scratch / name)

    floor = subjects.floor(task("floor"))
    _report("floor", floor)
    build = subjects.build(task("platform"))
    _report("platform", build)
    expected = published(scratch / "platform", "stage", "dimension")
    rows = _verified("floor", expected, scratch / "floor" / "{}.parquet", lineage=True)
    found = {"floor": floor, "platform": build}
    if given.peers:
        python = subjects.peer_python(given.scratch.resolve() / "peers")
        found["dbt-duckdb"] = subjects.dbt(task("dbt"), python)
        _report("dbt-duckdb", found["dbt-duckdb"])
        _verified("dbt-duckdb", expected, scratch / "dbt" / "tables" / "{}.parquet", lineage=True)
        found["PySpark"] = subjects.pyspark(task("pyspark"))
        _report("PySpark", found["PySpark"])
        tables = scratch / "pyspark" / "tables" / "{}" / "*.parquet"
        _verified("PySpark", expected, tables, lineage=False)
    others = published(scratch / "platform", "raw", "profile")
    rows |= row_counts(others)
    result = _result(size, bank.transactions, _bytes(bank.landing), rows, found)
    given.results.mkdir(parents=True, exist_ok=True)
    file = given.results / f"{size.name}.json"
    file.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    _say(f"The build took {result['ratio_to_floor']} times the floor: {file}")
    if given.report:
        python = subjects.peer_python(given.scratch.resolve() / "peers")
        subprocess.run([str(python), str(PLOT), str(RESULTS)], check=True)
        report.main()
    if not given.keep:
        shutil.rmtree(scratch)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=200)
    parser.add_argument("--transactions-per-customer", type=float, default=50.0)
    parser.add_argument("--peers", action="store_true", help="dbt-duckdb and PySpark too")
    parser.add_argument(
        "--report", action="store_true", help="write README's tables and plot from all results"
    )
    parser.add_argument("--scratch", type=Path, default=Path(".home/benchmarks"))
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--keep", action="store_true", help="leave the bank and all tables")
    return parser.parse_args()


def _verified(
    name: str, expected: dict[str, list[str]], given: Path, *, lineage: bool
) -> dict[str, int]:
    files = {t: str(given).format(t.replace(".", "_", 1)) for t in expected}
    rows = verify(expected, files, lineage=lineage)
    _say(f"{name}: the platform's {sum(rows.values()):,} rows in {len(rows)} tables")
    return rows


def _result(
    size: Size,
    transactions: int,
    landed: int,
    rows: dict[str, int],
    found: dict[str, subjects.Outcome],
) -> dict[str, Any]:
    floor = found["floor"].measured.wall_seconds
    return {
        "measured_on": dt.datetime.now(dt.UTC).date().isoformat(),
        "machine": {
            "cores": os.cpu_count(),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "system": machine.platform(),
        },
        "versions": {"python": machine.python_version()} | {p: version(p) for p in PACKAGES},
        "bank": asdict(size) | {"transactions": transactions, "landed_bytes": landed},
        "ratio_to_floor": round(found["platform"].measured.wall_seconds / floor, 2),
        "rows": rows,
        "subjects": {name: _subject(outcome) for name, outcome in found.items()},
    }


def _subject(outcome: subjects.Outcome) -> dict[str, Any]:
    measured = asdict(outcome.measured)
    del measured["stdout"]
    parts = {k: round(v, 2) for k, v in sorted(outcome.by_part.items(), key=lambda kv: -kv[1])}
    tables = {k: round(v, 2) for k, v in outcome.by_table.items()}
    return measured | {"seconds_by_table": tables, "seconds_by_part": parts}


def _bytes(folder: Path) -> int:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())


def _report(name: str, outcome: subjects.Outcome) -> None:
    m = outcome.measured
    _say(
        f"{name}: {m.wall_seconds:.1f} s, {m.cpu_seconds:.1f} CPU s,"
        f" {m.peak_rss_bytes / 1e9:.2f} GB (load before: {m.load})"
    )


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
