"""When a table's business date is made automatically: one condition per layer.

What is outstanding is what `customer360 run` finds outstanding: the version on record is not that
of the deliveries, inputs and code. Built-in conditions would look at the newest date alone, ask
for dates without a delivery, and know nothing of a file for last Tuesday that changes today.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import cast

import dagster as dg

from customer360_assets.automation.conditions.condition_operands import (
    NotDelivered,
    Outstanding,
    Tried,
    waits,
)
from customer360_assets.automation.conditions.intake_running import TakingIn
from customer360_assets.automation.conditions.planner import Planner
from customer360_assets.automation.priority import DAILY
from customer360_assets.contracts import contract as contract_of
from customer360_assets.planning.outlook import automated_tables, reads_of
from customer360_assets.planning.outstanding import SERVING
from customer360_assets.tables.specs import AS_OF
from resources.dagster_internals import PRIORITY_TAG, AndAutomationCondition

Condition = dg.AutomationCondition[dg.AssetKey]
SENSOR = "new_and_late_deliveries"
EVERY_SECONDS = 30
NEWS = {
    "raw": "a delivery came, was corrected or was taken back",
    "stage": "its raw table changed on the same date",
    "dimension": "something that it reads changed on the date or before",
    "profile": "a dimension changed on the same date",
    "serving": "the newest profile is not the one served",
}
LABELS = {
    "raw": "new or corrected delivery",
    "stage": "same date as the delivery",
    "dimension": "all inputs of the date, late ones too",
    "profile": "all dimensions of the date",
    "serving": "newest date only",
}


def conditions(planner: Planner) -> dict[dg.AssetKey, Condition]:
    """Return the condition of every automated table, by asset."""
    return {dg.AssetKey(t.split(".")): condition(planner, t) for t in automated_tables()}


def condition_sensor() -> dg.AutomationConditionSensorDefinition:
    """Return the sensor that evaluates the conditions and requests runs; off by default."""
    with warnings.catch_warnings():
        # Conditions of one's own are evaluated by the code location: in beta, and needed here.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return dg.AutomationConditionSensorDefinition(
            SENSOR,
            target=dg.AssetSelection.all(),
            use_user_code_server=True,
            # A run for one date; for several a backfill, which takes a month of them in one run.
            emit_backfills=True,
            run_tags={PRIORITY_TAG: DAILY},
            minimum_interval_seconds=EVERY_SECONDS,
            description=(
                "Materializes what new, corrected and late deliveries need: tables of their date,"
                " and every published date that reads them. Its ticks state what waits for what."
            ),
        )


def condition(planner: Planner, table: str) -> Condition:
    """Return the condition of one table: outstanding, and nothing blocks it now."""
    layer = table.split(".", maxsplit=1)[0]
    against: list[Condition] = [
        *waits(planner, table),
        *(NotDelivered(planner, table, feed) for feed in daily_records(planner, table)),
        cast(Condition, dg.AutomationCondition.in_progress().with_label("it is being made")),
        # What is made from them follows in their run: a wait of its own would be a second one.
        *([TakingIn(planner, table)] if layer == "raw" else []),
        Tried(planner, table, "it was tried with the same inputs and not made"),
    ]
    whole: Condition = Outstanding(planner, table, NEWS[layer])
    for reason in against:
        whole &= ~reason
    return cast(AndAutomationCondition[dg.AssetKey], whole).with_label(LABELS[layer])


def daily_records(planner: Planner, table: str) -> Iterable[str]:
    """Yield the feeds of daily records that an as-of table reads.

    A snapshot is valid until the next one comes, and holds nothing; records of a day do.
    """
    if table == SERVING or contract_of(table).schema not in AS_OF:
        return
    feeds = {contract_of(t).feed for t in reads_of(table) if contract_of(t).reads == "delta"}
    for feed in sorted(f for f in feeds if f):
        spec = planner.feeds.get(feed)
        if spec and spec.cadence == "daily":
            yield feed
