"""What arrives at a receiver: each thing once, nothing lost while it is down, no personal data."""

# Dagster reads the annotations of what it runs: no postponed ones here.

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import dagster as dg
import pytest

from customer360_assets.automation import alerts_sending
from customer360_assets.automation.alerts import UI
from customer360_assets.automation.alerts_sending import SLACK, WEBHOOK
from customer360_assets.automation.alerts_sensor import alert_sensor
from tests.automation.receiver import Receiver, receiving
from tests.automation.ticks import listening

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
    told = json.loads(context.run.tags["told"])
    if told.get("breaks"):
        raise ValueError(f"cannot convert {MARKER}")
    results = [
        dg.AssetCheckResult(
            asset_key=KEY, check_name="grain", passed=not told.get("repeated"),
            severity=dg.AssetCheckSeverity[told.get("severity", "ERROR")],
            description="Not published. 2 rows repeat a key (business_date, trans_id).",
        ),
        dg.AssetCheckResult(
            asset_key=KEY, check_name="conservation", passed=True,
            metadata={"delivered": 1000, "quarantined": told.get("quarantined", 0)},
        ),
        dg.AssetCheckResult(
            asset_key=KEY, check_name="on_time", passed="overdue" not in told,
            severity=dg.AssetCheckSeverity.WARN,
            description="transaction is overdue by 3 hours.",
            metadata={"newest_business_date": told.get("overdue", "none")},
        ),
    ]  # fmt: skip
    yield dg.MaterializeResult(asset_key=KEY, check_results=results)


@dataclass
class OnCall:
    """An instance on which runs end, and the sensor that tells of them."""

    instance: dg.DagsterInstance
    cursor: str | None = None
    said: list[str] = field(default_factory=list)

    def run(self, **told: object) -> str:
        done = dg.materialize(
            [transaction], instance=self.instance, partition_key=PARTITION,
            tags={"told": json.dumps(told)}, raise_on_error=False,
        )  # fmt: skip
        return done.run_id

    def tick(self) -> None:
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor)
        with listening(context.log) as self.said:
            self.cursor = alert_sensor().evaluate_tick(context).cursor


@pytest.fixture
def on_call(monkeypatch: pytest.MonkeyPatch) -> Iterator[OnCall]:
    for name in (WEBHOOK, SLACK):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(UI, "https://dagster.example/")
    with dg.DagsterInstance.ephemeral() as instance:
        on_call = OnCall(instance)
        on_call.tick()
        yield on_call


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiving() as receiver:
        monkeypatch.setenv(WEBHOOK, f"{receiver.address}/webhook")
        yield receiver


def test_a_failed_run_is_told_once_with_its_link(on_call: OnCall, receiver: Receiver) -> None:
    run = on_call.run(breaks=True)
    for _ in range(3):
        on_call.tick()
    assert receiver.took("/webhook") == [
        {
            "key": f"run/{run}",
            "kind": "failed run",
            "title": f"Run {run[:8]} of {PARTITION} failed",
            "text": "It failed in stage.transaction (ValueError). What was published before it"
            " stands.",
            "link": f"https://dagster.example/runs/{run}",
        }
    ]


def test_no_personal_data_is_told(on_call: OnCall, receiver: Receiver) -> None:
    run = on_call.run(breaks=True)
    events = on_call.instance.all_logs(run)
    assert any(MARKER in str(entry.dagster_event) for entry in events), "it is where it was planted"
    on_call.tick()
    assert len(receiver.took("/webhook")) == 1
    everything = json.dumps(receiver.arrived, ensure_ascii=False) + "\n".join(on_call.said)
    assert MARKER not in everything + str(on_call.cursor)


def test_a_check_that_stops_a_table_is_told(on_call: OnCall, receiver: Receiver) -> None:
    on_call.run(repeated=True)
    on_call.tick()
    kinds = {a["kind"]: a for a in receiver.took("/webhook")}
    told = kinds["failed check"]
    assert told["title"] == "stage.transaction was not published: grain"
    assert told["text"].startswith("Not published. 2 rows repeat a key")
    assert told["link"] == "https://dagster.example/assets/stage/transaction"


def test_a_check_that_only_warned_stopped_nothing_and_is_not_told(
    on_call: OnCall, receiver: Receiver
) -> None:
    on_call.run(repeated=True, severity="WARN")
    on_call.tick()
    assert receiver.arrived == {}


@pytest.mark.parametrize(("quarantined", "told"), [(10, 0), (11, 1)])
def test_quarantine_is_told_above_the_contracts_limit(
    on_call: OnCall, receiver: Receiver, quarantined: int, told: int
) -> None:
    on_call.run(quarantined=quarantined)
    on_call.tick()
    found = receiver.took("/webhook")
    assert len(found) == told
    if told:
        assert found[0]["text"].startswith("11 of 1,000 delivered records (1.1%) are in quarantine")


def test_an_overdue_feed_is_told_once_until_it_delivers(
    on_call: OnCall, receiver: Receiver
) -> None:
    for newest in ("2024-05-20", "2024-05-20", "2024-05-21", "2024-05-21"):
        on_call.run(overdue=newest)
        on_call.tick()
    found = receiver.took("/webhook")
    assert [a["key"].rpartition("/")[2] for a in found] == ["2024-05-20", "2024-05-21"]
    assert {a["text"] for a in found} == {"transaction is overdue by 3 hours."}


def test_while_a_receiver_is_down_nothing_is_lost_and_then_nothing_doubled(
    on_call: OnCall, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLACK, f"{receiver.address}/{ADDRESS}")
    receiver.status = 500
    runs = [on_call.run(breaks=True), on_call.run(breaks=True)]
    on_call.tick()
    assert receiver.refused == 2, "one attempt for each receiver that is down"
    assert receiver.arrived == {}
    assert any(line == f"{WEBHOOK}: answered 500" for line in on_call.said)
    receiver.status = 200
    on_call.tick()
    on_call.tick()
    assert [a["key"] for a in receiver.took("/webhook")] == [f"run/{run}" for run in runs]
    slack = receiver.took(f"/{ADDRESS}")
    assert [set(body) for body in slack] == [{"text"}, {"text"}]
    assert f"https://dagster.example/runs/{runs[0]}|Open in Dagster" in slack[0]["text"]


def test_a_tick_without_time_leaves_the_rest_to_the_next_one(
    on_call: OnCall, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tick that its daemon ends stores no cursor, and all would be told again."""
    runs = [on_call.run(breaks=True) for _ in range(2)]
    with monkeypatch.context() as patch:
        patch.setattr(alerts_sending, "BUDGET", 0.0)
        on_call.tick()
    assert receiver.arrived == {}
    assert any("could not be told" in line for line in on_call.said)
    on_call.tick()
    assert [a["key"] for a in receiver.took("/webhook")] == [f"run/{run}" for run in runs]


def test_an_address_is_never_said(
    on_call: OnCall, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLACK, "http://127.0.0.1:9/" + ADDRESS)
    on_call.run(breaks=True)
    on_call.tick()
    assert any("could not be told" in line for line in on_call.said)
    assert ADDRESS not in "\n".join(on_call.said) + str(on_call.cursor)


def test_without_a_receiver_the_log_is_told(on_call: OnCall) -> None:
    run = on_call.run(breaks=True)
    on_call.tick()
    assert any(
        f"Run {run[:8]} of {PARTITION} failed. It failed in" in line for line in on_call.said
    )
    on_call.tick()
    assert not any("failed" in line for line in on_call.said)


def test_a_run_that_will_be_retried_is_not_told(on_call: OnCall, receiver: Receiver) -> None:
    run = on_call.run(breaks=True)
    on_call.instance.add_run_tags(run, {"dagster/will_retry": "true"})
    on_call.tick()
    assert receiver.arrived == {}
