"""Where alerts go: a webhook and Slack if environment variables name them, else the log."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from customer360_assets.automation.alerts.from_runs import Alert

if TYPE_CHECKING:
    import httpx

WEBHOOK = "CUSTOMER360_ALERT_WEBHOOK"
SLACK = "CUSTOMER360_SLACK_WEBHOOK"
SECONDS = 10.0
BUDGET = 30.0
"""Seconds that a tick may send: one that takes a minute is ended, and all would be sent again."""
LATER = {408, 425, 429}
"""Answers below 500 by which a receiver takes no alert now, as one that is down."""
OF_THE_ALERT = {400, 413, 415, 422}
"""Answers that are about this alert and none other: to wait would hold up all later ones. Any other
below 500 is about the receiver: nothing is lost, and it goes when a person mends it."""
Log = logging.Logger | logging.LoggerAdapter[Any]
Outbox = list[tuple[str, dict[str, str]]]
"""What is still to be sent: destination (never its address, which is a secret) and alert."""


@dataclass(frozen=True)
class Refusal:
    """Why a destination took no alert; `for_good` when it never will take this one."""

    text: str
    for_good: bool = False


def destinations() -> list[str]:
    """Return the destinations of alerts; only the log if nothing is configured."""
    return [name for name in (WEBHOOK, SLACK) if os.environ.get(name)] or ["log"]


def addressed(alerts: Iterable[Alert]) -> Outbox:
    """Return one entry per alert and destination: one that is down delays no other."""
    return [(name, alert.as_json()) for alert in alerts for name in destinations()]


def send(outbox: Outbox, log: Log) -> tuple[Outbox, list[Refusal]]:
    """Send alerts in order; return the unsent ones and each refusal."""
    waiting: Outbox = []
    refusals: list[Refusal] = []
    down: set[str] = set()
    until = time.monotonic() + BUDGET
    for name, alert in outbox:
        if name not in down and time.monotonic() < until:
            refusal = _send_one(name, alert, log)
            if refusal:
                log.warning(refusal.text)
                refusals.append(refusal)
            # One that is refused for good would keep all later ones waiting for ever.
            if not refusal or refusal.for_good:
                continue
            down.add(name)
        waiting.append((name, alert))
    for name in sorted({name for name, _ in waiting}):
        count = sum(entry[0] == name for entry in waiting)
        log.warning(f"{name}: {count} alerts could not be sent; the next tick tries again.")
    return waiting, refusals


def _send_one(name: str, alert: Mapping[str, str], log: Log) -> Refusal | None:
    address = os.environ.get(name)
    if address is None:
        log.warning(f"{alert['title']}. {alert['text']} {alert['link']}")
        return None
    import httpx

    # It logs every address, and these are secrets.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    body = _slack(alert) if name == SLACK else dict(alert)
    try:
        answer = httpx.post(address, json=body, timeout=SECONDS)
    except httpx.HTTPError as error:
        return Refusal(f"{name}: {type(error).__name__}")
    except httpx.InvalidURL:
        # Its text quotes the address. Raised from here it would fail the tick, and all with it.
        return Refusal(f"{name}: its address is no web address")
    return None if answer.is_success else _refusal(name, alert, answer)


def _refusal(name: str, alert: Mapping[str, str], answer: httpx.Response) -> Refusal:
    said = f"{name}: answered {answer.status_code}"
    if answer.status_code in OF_THE_ALERT:
        return Refusal(f"{said} to {alert['key']}, which is dropped", for_good=True)
    if answer.is_server_error or answer.status_code in LATER:
        return Refusal(said)
    return Refusal(f"{said}: its address or the credential in it is wrong")


def _slack(alert: Mapping[str, str]) -> dict[str, str]:
    return {"text": f"*{alert['title']}*\n{alert['text']}\n<{alert['link']}|Open in Dagster>"}
