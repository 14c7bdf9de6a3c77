"""Real ticks of the automation sensor on a real instance, over the real definitions."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from customer360_assets.automation.conditions.per_layer import SENSOR
from customer360_assets.tables.specs import asset_key

Asked = dict[str, set[str]]
"""Per business date the tables that one run was asked for."""


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def listening(logger: logging.Logger | None = None) -> Iterator[list[str]]:
    """Yield the lines that a logger gets, by default Dagster's own."""
    handler = _Lines()
    logger = logger or logging.getLogger("dagster")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


@dataclass
class Ticks:
    """One deployment's automation sensor, tick after tick."""

    definitions: dg.Definitions
    instance: dg.DagsterInstance
    said: list[str] = field(default_factory=list)
    requests: list[dg.RunRequest] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._cursor: str | None = None
        self._newest: dict[str, Any] = {}

    def tick(self) -> Asked:
        """Evaluate once; give what was asked for by business date."""
        sensor = self.definitions.resolve_sensor_def(SENSOR)
        with (
            dg.build_sensor_context(
                instance=self.instance,
                cursor=self._cursor,
                definitions=self.definitions,
                sensor_name=SENSOR,
            ) as context,
            listening() as self.said,
        ):
            done = sensor.evaluate_tick(context)
        self._cursor = done.cursor
        self.requests = list(done.run_requests or ())
        # A tick records the evaluations that have changed.
        for reported in done.automation_condition_evaluations:
            self._newest[reported.key.to_user_string()] = reported
        asked: Asked = {}
        for request in self.requests:
            for table, date in _partitions(request):
                asked.setdefault(date, set()).add(table)
        return asked

    def execute(self, asked: Asked) -> list[bool]:
        """Run what a tick asked for in this process, one run for each date."""
        job = self.definitions.resolve_implicit_global_asset_job_def()
        return [
            job.execute_in_process(
                instance=self.instance,
                asset_selection=[asset_key(table) for table in sorted(tables)],
                partition_key=date,
                raise_on_error=False,
            ).success
            for date, tables in sorted(asked.items())
        ]

    def holds(self, table: str) -> dict[str, set[str]]:
        """Return the labels of the conditions that hold a date of the table, as last evaluated."""
        mine = self._newest[asset_key(table).to_user_string()]
        reasons = [
            reason
            for negated in mine.child_evaluations
            if negated.condition_snapshot.operator_type == "not"
            for reason in negated.child_evaluations
        ]
        return {
            str(reason.condition_snapshot.label): set(
                reason.true_subset.subset_value.get_partition_keys()
            )
            for reason in reasons
            if not reason.true_subset.is_empty
        }


def _partitions(request: dg.RunRequest) -> Iterator[tuple[str, str]]:
    """Yield each table and business date of a run or of a backfill."""
    if request.asset_graph_subset is None:
        for key in request.asset_selection or ():
            yield ".".join(key.path), str(request.partition_key)
    else:
        for found in request.asset_graph_subset.iterate_asset_partitions():
            yield ".".join(found.asset_key.path), str(found.partition_key)
