"""Runs batches through the Dagster graph in this process, on the home's instance."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import dagster as dg

from customer360_assets.planning.outstanding import DAILY_JOB, Batch
from customer360_assets.runs.leases import lease
from customer360_assets.tables.specs import asset_key
from resources.dagster_internals import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
)
from resources.protocols.errors import DISK_FULL

BUSINESS_DATE_TAG = "customer360/business_date"
"""What the UI's list of runs shows of a run of the command."""
INTAKE = "raw.delivery"
REPORTED = ("withdrawn",)
"""Checks that stop nothing and are repeated where a run's outcome is read."""

FULL_SIGNS = ("No space left on device", "database or disk is full")

OnStep = Callable[[str, str], None]
"""Called with a step's table and what happened: "start", "success", "failure" or a message."""


@dataclass
class TableOutcome:
    """What became of one table in a batch."""

    table: str
    rows: int = 0
    quarantined: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    still_being_written: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class BatchOutcome:
    """What became of a batch: its run, and its tables in the order they ran."""

    run_id: str
    success: bool
    tables: list[TableOutcome]


def progress_logger(on_step: OnStep) -> dg.LoggerDefinition:
    """Return a logger that passes on the steps, and what they say themselves."""

    class Steps(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            meta = getattr(record, "dagster_meta", {})
            event = meta.get("dagster_event")
            step_events = {
                "STEP_START": "start",
                "STEP_SUCCESS": "success",
                "STEP_FAILURE": "failure",
            }
            if event is not None and event.event_type_value in step_events:
                on_step(_table(event.step_key), step_events[event.event_type_value])
            elif event is None and meta.get("step_key"):
                on_step(_table(meta["step_key"]), str(meta.get("orig_message")))

    @dg.logger
    def steps(_context: Any) -> logging.Logger:
        log = logging.Logger("customer360", level=logging.DEBUG)
        log.addHandler(Steps())
        return log

    return steps


def run_batch(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    batch: Batch,
    tags: Mapping[str, str] | None = None,
) -> BatchOutcome:
    """Materialize a batch in one recorded run; failures are outcomes, not exceptions."""
    keys = [asset_key(t) for t in batch.tables]
    run_config: dict[str, Any] = {"loggers": {name: {} for name in definitions.loggers or {}}}
    if INTAKE in batch.tables:
        # The operator states the date; the day of the command says nothing of it.
        intake = {"arrived": batch.span.last.isoformat()}
        run_config["ops"] = {INTAKE.replace(".", "__"): {"config": intake}}
    job = definitions.resolve_job_def(DAILY_JOB)
    run_id = str(uuid.uuid4())
    with lease(instance, run_id):
        result = job.execute_in_process(
            instance=instance,
            asset_selection=keys,
            run_config=run_config,
            run_id=run_id,
            tags={
                BUSINESS_DATE_TAG: str(batch.span),
                ASSET_PARTITION_RANGE_START_TAG: batch.span.first.isoformat(),
                ASSET_PARTITION_RANGE_END_TAG: batch.span.last.isoformat(),
                **(tags or {}),
            },
            raise_on_error=False,
        )
    return BatchOutcome(result.run_id, result.success, list(_outcomes(result)))


def _table(step_key: str | None) -> str:
    return (step_key or "").replace("__", ".")


def _outcomes(result: dg.ExecuteInProcessResult) -> Iterator[TableOutcome]:
    tables: dict[str, TableOutcome] = {}
    for event in result.all_events:
        if not event.step_key:
            continue
        table = tables.setdefault(event.step_key, TableOutcome(_table(event.step_key)))
        match event.event_type:
            case dg.DagsterEventType.ASSET_MATERIALIZATION:
                numbers = _numbers(event.materialization.metadata)
                # Reported by partition where an asset has them, else once for the whole table.
                by_date = numbers.get("dagster/partition_row_count", numbers.get("items"))
                table.rows = (
                    numbers.get("dagster/row_count", 0) if by_date is None else table.rows + by_date
                )
                table.quarantined = numbers.get("quarantined", 0)
                left = event.materialization.metadata.get("still_being_written")
                table.still_being_written = list(cast(list[str], left.value)) if left else []
            case dg.DagsterEventType.STEP_SUCCESS:
                table.seconds = event.step_success_data.duration_ms / 1000
            case dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                found = event.asset_check_evaluation_data
                if not found.passed and found.check_name in REPORTED and found.description:
                    table.warnings.append(found.description)
            case dg.DagsterEventType.STEP_FAILURE:
                table.problems.append(_reason(event))
            case _:
                continue
    yield from tables.values()


def _numbers(metadata: Mapping[str, dg.MetadataValue[Any]]) -> dict[str, int]:
    return {name: v.value for name, v in metadata.items() if isinstance(v.value, int)}


def _reason(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    cause = data.error.cause if data.error and data.error.cause else data.error
    if cause and any(sign in cause.message for sign in FULL_SIGNS):
        return DISK_FULL
    return cause.message.strip() if cause else "failed"
