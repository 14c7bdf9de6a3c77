"""What arrives at a receiver: each thing once, nothing lost while it is down, no personal data."""

from __future__ import annotations

import json

import pytest

from customer360_assets.automation.alerts import sending
from customer360_assets.automation.alerts.sending import SLACK, WEBHOOK
from tests.automation.alert_fixtures import ADDRESS, MARKER, PARTITION, OnCall, on_call, receiver
from tests.automation.receiver import Receiver

__all__ = ["on_call", "receiver"]


def test_a_failed_run_is_sent_once_with_its_link(on_call: OnCall, receiver: Receiver) -> None:
    run = on_call.run(breaks=True)
    for _ in range(3):
        on_call.tick()
    assert receiver.took("/webhook") == [
        {
            "key": f"run/{run}",
            "kind": "failed run",
            "title": f"Run {run[:8]} of {PARTITION} failed",
            "text": "It failed in stage.transaction (ValueError). What was published before stays.",
            "link": f"https://dagster.example/runs/{run}",
        }
    ]


def test_no_personal_data_is_sent(on_call: OnCall, receiver: Receiver) -> None:
    run = on_call.run(breaks=True)
    events = on_call.instance.all_logs(run)
    assert any(MARKER in str(entry.dagster_event) for entry in events), "it is where it was planted"
    on_call.tick()
    assert len(receiver.took("/webhook")) == 1
    everything = json.dumps(receiver.arrived, ensure_ascii=False) + "\n".join(on_call.said)
    assert MARKER not in everything + str(on_call.cursor)


def test_a_check_that_stops_a_table_is_sent(on_call: OnCall, receiver: Receiver) -> None:
    on_call.run(repeated=True)
    on_call.tick()
    kinds = {a["kind"]: a for a in receiver.took("/webhook")}
    alert = kinds["failed check"]
    assert alert["title"] == "stage.transaction was not published: grain"
    assert alert["text"].startswith("Not published. 2 rows repeat a key")
    assert alert["link"] == "https://dagster.example/assets/stage/transaction"


def test_a_check_that_only_warned_stopped_nothing_and_is_not_sent(
    on_call: OnCall, receiver: Receiver
) -> None:
    on_call.run(repeated=True, severity="WARN")
    on_call.tick()
    assert receiver.arrived == {}


@pytest.mark.parametrize(("quarantined", "alerts"), [(10, 0), (11, 1)])
def test_quarantine_is_sent_above_the_contracts_limit(
    on_call: OnCall, receiver: Receiver, quarantined: int, alerts: int
) -> None:
    on_call.run(quarantined=quarantined)
    on_call.tick()
    found = receiver.took("/webhook")
    assert len(found) == alerts
    if alerts:
        assert found[0]["text"].startswith("11 of 1,000 delivered records (1.1%) are in quarantine")


def test_an_overdue_feed_is_sent_once_until_it_delivers(
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
    """A tick that its daemon ends stores no cursor, and all would be sent again."""
    runs = [on_call.run(breaks=True) for _ in range(2)]
    with monkeypatch.context() as patch:
        patch.setattr(sending, "BUDGET", 0.0)
        on_call.tick()
    assert receiver.arrived == {}
    assert any("could not be sent" in line for line in on_call.said)
    on_call.tick()
    assert [a["key"] for a in receiver.took("/webhook")] == [f"run/{run}" for run in runs]


def test_an_address_is_never_said(
    on_call: OnCall, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLACK, "http://127.0.0.1:9/" + ADDRESS)
    on_call.run(breaks=True)
    on_call.tick()
    assert any("could not be sent" in line for line in on_call.said)
    assert ADDRESS not in "\n".join(on_call.said) + str(on_call.cursor)


def test_without_a_receiver_the_log_is_sent(on_call: OnCall) -> None:
    run = on_call.run(breaks=True)
    on_call.tick()
    assert any(
        f"Run {run[:8]} of {PARTITION} failed. It failed in" in line for line in on_call.said
    )
    on_call.tick()
    assert not any("failed" in line for line in on_call.said)


def test_a_run_that_will_be_retried_is_not_sent(on_call: OnCall, receiver: Receiver) -> None:
    run = on_call.run(breaks=True)
    on_call.instance.add_run_tags(run, {"dagster/will_retry": "true"})
    on_call.tick()
    assert receiver.arrived == {}
