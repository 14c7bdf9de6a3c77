"""`customer360 run` with a clock at the platform's own boundaries: where the time goes.

python -m benchmarks.timed_build PARTS.json [arguments of customer360 run]
"""

from __future__ import annotations

import functools
import importlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

BOUNDARIES = {
    "start and imports": (),
    "intake and archive": ("customer360_assets.deliveries.log:DeliveryLog.take_in",),
    "raw: parse and judge": ("customer360_assets.deliveries.feed_deliveries:parse",),
    "delivery log": tuple(
        f"customer360_assets.deliveries.log:DeliveryLog.{name}"
        for name in ("settled", "known", "versions", "manifest", "pending", "unmatched")
    ),
    "transform (DuckDB)": ("resources.embedded.duckdb_engine:DuckDbEngine.run",),
    "transform (Spark scripts)": ("resources.embedded.duckdb_spark_engine:DuckDbSparkEngine.run",),
    "audit, counts, references": ("resources.embedded.duckdb_engine:DuckDbEngine.query",),
    "SQL translation": (
        "resources.embedded.duckdb_engine:to_duckdb",
        "customer360_assets.tables.transformations:transformation",
    ),
    "lineage": (
        "customer360_assets.assets.stage:lineage_metadata",
        "customer360_assets.assets.as_of:lineage_metadata",
    ),
    "Iceberg": tuple(
        f"resources.iceberg.local_lake:LocalLake.{name}"
        for name in ("ensure", "publish", "files", "dates", "newest", "empty_file")
    ),
    "profile store": ("resources.embedded.sqlite_profile_store:SqliteProfileStore.load",),
    "event log": (
        "resources.event_log:OpenSqliteEventLog.store_event",
        "resources.event_log:OpenSqliteEventLog.store_event_batch",
    ),
    "planning": (
        "customer360_assets.planning.outstanding:outstanding",
        "customer360_assets.assets.as_of:recorded_versions",
        "customer360_assets.assets.stage:recorded_versions",
    ),
}
REST = "Dagster and the rest"


class Clock:
    """CPU seconds of all threads by part; what runs within another part is not counted to that one.

    Not wall seconds: those depend as much on what else the machine does.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inner: list[float] = [0.0]

    def wrap(self, part: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return the call with its time counted to a part."""

        @functools.wraps(call)
        def timed(*args: Any, **kwargs: Any) -> Any:
            self._inner.append(0.0)
            started = time.process_time()
            try:
                return call(*args, **kwargs)
            finally:
                taken = time.process_time() - started
                self.seconds[part] += taken - self._inner.pop()
                self._inner[-1] += taken

        return timed


def install(clock: Clock) -> None:
    """Measure time at every boundary; AttributeError if the platform has moved one."""
    for part, targets in BOUNDARIES.items():
        for target in targets:
            module, _, path = target.partition(":")
            owner: Any = importlib.import_module(module)
            *outer, name = path.split(".")
            for attribute in outer:
                owner = getattr(owner, attribute)
            setattr(owner, name, clock.wrap(part, getattr(owner, name)))


def main() -> int:
    """Run the build, then write the CPU seconds of each part."""
    parts, argv = Path(sys.argv[1]), sys.argv[2:]
    clock = Clock()
    install(clock)
    from customer360_assets.cli.main import app

    clock.seconds["start and imports"] = time.process_time()
    try:
        return int(app(argv, standalone_mode=False) or 0)
    finally:
        clock.seconds[REST] = time.process_time() - sum(clock.seconds.values())
        parts.write_text(json.dumps(clock.seconds, indent=2), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
