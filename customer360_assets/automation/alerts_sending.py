"""Where alerts go: a webhook and Slack when the environment names them, else the log."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Mapping
from typing import Any

from customer360_assets.automation.alerts import Alert

WEBHOOK = "CUSTOMER360_ALERT_WEBHOOK"
SLACK = "CUSTOMER360_SLACK_WEBHOOK"
SECONDS = 10.0
BUDGET = 30.0
"""Seconds that a tick may tell: one that takes a minute is ended, and all would be told again."""
Log = logging.Logger | logging.LoggerAdapter[Any]
Outbox = list[tuple[str, dict[str, str]]]
"""What is still to be told: destination (never its address, which is a secret) and alert."""


def destinations() -> list[str]:
    """Give where alerts go; the log alone where nothing is configured."""
    return [name for name in (WEBHOOK, SLACK) if os.environ.get(name)] or ["log"]


def addressed(alerts: Iterable[Alert]) -> Outbox:
    """Give one entry for each alert and destination: one that is down keeps no other waiting."""
    return [(name, alert.as_json()) for alert in alerts for name in destinations()]


def send(outbox: Outbox, log: Log) -> Outbox:
    """Tell what is to be told, in order; give what could not be told yet."""
    waiting: Outbox = []
    down: set[str] = set()
    until = time.monotonic() + BUDGET
    for name, alert in outbox:
        if name not in down and time.monotonic() < until:
            if _told(name, alert, log):
                continue
            down.add(name)
        waiting.append((name, alert))
    for name in sorted({name for name, _ in waiting}):
        count = sum(entry[0] == name for entry in waiting)
        log.warning(f"{name}: {count} alerts could not be told; the next tick tries again.")
    return waiting


def _told(name: str, alert: Mapping[str, str], log: Log) -> bool:
    address = os.environ.get(name)
    if address is None:
        log.warning(f"{alert['title']}. {alert['text']} {alert['link']}")
        return True
    import httpx

    # It logs every address, and these are secrets.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    body = _slack(alert) if name == SLACK else dict(alert)
    try:
        answer = httpx.post(address, json=body, timeout=SECONDS)
    except httpx.HTTPError as error:
        log.warning(f"{name}: {type(error).__name__}")
        return False
    if not answer.is_success:
        log.warning(f"{name}: answered {answer.status_code}")
    return answer.is_success


def _slack(alert: Mapping[str, str]) -> dict[str, str]:
    return {"text": f"*{alert['title']}*\n{alert['text']}\n<{alert['link']}|Open in Dagster>"}
