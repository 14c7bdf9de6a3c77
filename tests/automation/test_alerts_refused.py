"""An alert that a receiver refuses for good holds up no other; a wrong address loses none."""

from __future__ import annotations

import pytest

from customer360_assets.automation.alerts.sending import SLACK, WEBHOOK
from customer360_assets.automation.alerts.sensor import SHOWN
from tests.automation.alert_fixtures import ADDRESS, OnCall, on_call, receiver
from tests.automation.receiver import Receiver

__all__ = ["on_call", "receiver"]


def keys(receiver: Receiver) -> list[str]:
    return [alert["key"] for alert in receiver.took("/webhook")]


@pytest.mark.parametrize(
    "status",
    [400, pytest.param(413, marks=pytest.mark.slow), pytest.param(422, marks=pytest.mark.slow)],
)
def test_an_alert_that_is_refused_for_good_is_dropped_and_later_ones_go_on(
    on_call: OnCall, receiver: Receiver, status: int
) -> None:
    first, refused, last = (f"run/{on_call.run(breaks=True)}" for _ in range(3))
    receiver.statuses = {refused: status}
    on_call.tick()
    assert keys(receiver) == [first, last], "in the same tick"
    reported = f"{WEBHOOK}: answered {status} to {refused}, which is dropped"
    assert on_call.said == [reported]
    assert on_call.message == f"3 new alerts, 0 still to be sent. {reported}."
    on_call.tick()
    assert receiver.refused == 1, "it is not tried again"
    assert on_call.message == "0 new alerts, 0 still to be sent."


def test_what_one_receiver_refuses_is_still_sent_to_the_other(
    on_call: OnCall, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLACK, f"{receiver.address}/{ADDRESS}")
    runs = [on_call.run(breaks=True) for _ in range(2)]
    receiver.statuses = {f'"key":"run/{runs[0]}"': 400}  # Slack gets no key
    on_call.tick()
    assert keys(receiver) == [f"run/{runs[1]}"]
    slack = receiver.took(f"/{ADDRESS}")
    assert [run in body["text"] for run, body in zip(runs, slack, strict=True)] == [True, True]


def test_an_alert_that_waited_and_is_then_refused_lets_the_others_go(
    on_call: OnCall, receiver: Receiver
) -> None:
    refused, *others = (f"run/{on_call.run(breaks=True)}" for _ in range(3))
    receiver.status = 503
    on_call.tick()
    receiver.status, receiver.statuses = 200, {refused: 400}
    on_call.tick()
    assert keys(receiver) == others
    assert on_call.message
    assert on_call.message.startswith("0 new alerts, 0 still to be sent.")


@pytest.mark.parametrize(
    "status",
    [301, 401, 404, *(pytest.param(status, marks=pytest.mark.slow) for status in (403, 405, 410))],
)
def test_alerts_wait_while_the_address_or_its_credential_is_wrong(
    on_call: OnCall, receiver: Receiver, status: int
) -> None:
    reported = [f"run/{on_call.run(breaks=True)}" for _ in range(2)]
    receiver.status = status
    on_call.tick()
    assert receiver.refused == 1, "one attempt"
    why = f"{WEBHOOK}: answered {status}: its address or the credential in it is wrong"
    assert why in on_call.said
    assert on_call.message == f"2 new alerts, 2 still to be sent. {why}."
    receiver.status = 200
    on_call.tick()
    assert keys(receiver) == reported


@pytest.mark.parametrize(
    "status", [429, 503, *(pytest.param(status, marks=pytest.mark.slow) for status in (408, 500))]
)
def test_alerts_wait_while_a_receiver_takes_none(
    on_call: OnCall, receiver: Receiver, status: int
) -> None:
    reported = [f"run/{on_call.run(breaks=True)}" for _ in range(2)]
    receiver.status = status
    on_call.tick()
    assert receiver.refused == 1, "one attempt"
    assert on_call.message == f"2 new alerts, 2 still to be sent. {WEBHOOK}: answered {status}."
    receiver.status = 200
    on_call.tick()
    assert keys(receiver) == reported


@pytest.mark.slow
def test_a_receiver_that_refuses_all_fills_the_log_and_not_the_message(
    on_call: OnCall, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLACK, "http://127.0.0.1:9/" + ADDRESS)
    reported = [f"run/{on_call.run(breaks=True)}" for _ in range(SHOWN + 1)]
    receiver.status = 400
    on_call.tick()
    assert all(any(key in line for line in on_call.said) for key in reported)
    assert on_call.message
    assert f" {SLACK}: ConnectError. {WEBHOOK}: answered 400 to {reported[0]}" in on_call.message
    assert on_call.message.count("answered 400") == SHOWN - 1
    assert on_call.message.endswith(" The log names 2 more.")


@pytest.mark.parametrize("status", [400, 404, 500])
def test_an_address_that_refuses_is_never_said(
    on_call: OnCall, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv(SLACK, f"{receiver.address}/{ADDRESS}")
    on_call.run(breaks=True)
    receiver.status = status
    on_call.tick()
    everything = "\n".join([*on_call.said, str(on_call.message), str(on_call.cursor)])
    assert f"answered {status}" in everything
    for secret in (receiver.address, ADDRESS, "/webhook"):
        assert secret not in everything


def test_an_address_that_is_none_keeps_the_other_receiver_sent(
    on_call: OnCall, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLACK, f"http://127.0.0.1:{ADDRESS}")
    reported = f"run/{on_call.run(breaks=True)}"
    on_call.tick()
    assert keys(receiver) == [reported]
    assert f"{SLACK}: its address is no web address" in on_call.said
    assert "T0-not-for-logs" not in "\n".join([*on_call.said, str(on_call.message)])
