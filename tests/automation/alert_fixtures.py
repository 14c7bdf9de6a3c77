"""Runs that end with something to alert on, the alert sensor, and a receiver."""

# Dagster reads the annotations of what it runs: no postponed ones here.

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest

from customer360_assets.automation.alerts.from_runs import UI
from customer360_assets.automation.alerts.sending import SLACK, WEBHOOK
from customer360_assets.automation.alerts.sensor import alert_sensor
from tests.automation.receiver import Receiver, receiving
from tests.automation.ticks import listening
from tests.instances import put_new_record

MARKER = "Vondráčková-850212/1234"
PARTITION = "2024-05-23"
DAYS = dg.StaticPartitionsDefinition([PARTITION])
KEY = dg.AssetKey(["stage", "transaction"])
ADDRESS = "hooks/T0-not-for-logs"


@dg.multi_asset(
    name="stage__transaction",
    specs=[dg.AssetSpec(KEY, partitions_def=DAYS)],
    check_specs=[
        dg.AssetCheckSpec("grain", asset=KEY, blocking=True),
        dg.AssetCheckSpec("conservation", asset=KEY, blocking=True),
        dg.AssetCheckSpec("on_time", asset=KEY),
    ],
)
def transaction(
    context: dg.AssetExecutionContext,
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
    faults = json.loads(context.run.tags["faults"])
    if faults.get("breaks"):
        raise ValueError(f"cannot convert {MARKER}")
    results = [
        dg.AssetCheckResult(
            asset_key=KEY, check_name="grain", passed=not faults.get("repeated"),
            severity=dg.AssetCheckSeverity[faults.get("severity", "ERROR")],
            description="Not published. 2 rows repeat a key (business_date, trans_id).",
        ),
        dg.AssetCheckResult(
            asset_key=KEY, check_name="conservation", passed=True,
            metadata={"delivered": 1000, "quarantined": faults.get("quarantined", 0)},
        ),
        dg.AssetCheckResult(
            asset_key=KEY, check_name="on_time", passed="overdue" not in faults,
            severity=dg.AssetCheckSeverity.WARN,
            description="transaction is overdue by 3 hours.",
            metadata={"newest_business_date": faults.get("overdue", "none")},
        ),
    ]  # fmt: skip
    yield dg.MaterializeResult(asset_key=KEY, check_results=results)


@dataclass
class OnCall:
    """An instance on which runs end, and the alert sensor: its log, its message."""

    instance: dg.DagsterInstance
    cursor: str | None = None
    said: list[str] = field(default_factory=list)
    message: str | None = None

    def run(self, **faults: object) -> str:
        done = dg.materialize(
            [transaction], instance=self.instance, partition_key=PARTITION,
            tags={"faults": json.dumps(faults)}, raise_on_error=False,
        )  # fmt: skip
        return done.run_id

    def tick(self) -> None:
        with (
            dg.build_sensor_context(instance=self.instance, cursor=self.cursor) as context,
            listening(context.log) as self.said,
        ):
            done = alert_sensor().evaluate_tick(context)
        self.cursor, self.message = done.cursor, done.skip_message


@pytest.fixture
def on_call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[OnCall]:
    for name in (WEBHOOK, SLACK):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(UI, "https://dagster.example/")
    put_new_record(tmp_path)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        on_call = OnCall(instance)
        on_call.tick()
        yield on_call


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiving() as receiver:
        monkeypatch.setenv(WEBHOOK, f"{receiver.address}/webhook")
        yield receiver
