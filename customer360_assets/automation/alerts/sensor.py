"""The sensor that sends alerts on what went wrong, each once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import dagster as dg

from customer360_assets.automation.alerts.from_runs import STATES, Alert, alerts_of, failing_sensors
from customer360_assets.automation.alerts.sending import Refusal, addressed, send

SENSOR = "alerts"
EVERY_SECONDS = 30
OVERLAP = dt.timedelta(hours=1)
"""Runs are looked at again for this long: their records need not appear in the order of time."""
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
REMEMBERED = 1000
"""Lasting states whose alerts are known; a cursor must not grow for ever."""
KEPT = 500
"""Alerts that wait for a receiver that is down; the oldest go first."""
SHOWN = 5
"""Refusals that the tick's own message names; its log names all."""


def alert_sensor() -> dg.SensorDefinition:
    """Return the sensor. Its cursor holds what was evaluated and which alerts are unsent."""

    @dg.sensor(
        name=SENSOR,
        minimum_interval_seconds=EVERY_SECONDS,
        description=(
            "Sends alerts on failed runs, checks that blocked a publication, overdue feeds,"
            " too many records in quarantine, refused files, files of no feed and failing sensors:"
            " to a webhook or Slack where configured, else here."
        ),
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now = dt.datetime.now(dt.UTC)
        state: dict[str, Any] = (
            json.loads(context.cursor)
            if context.cursor
            else {"since": now.isoformat(), "until": now.isoformat(), "told": {}, "late": {}}
        )
        found = _news(context.instance, state, now)
        outbox = [(name, alert) for name, alert in state.get("outbox", [])] + addressed(found)
        waiting, refusals = send(outbox, context.log)
        state["outbox"] = waiting[-KEPT:]
        count = f"{len(found)} new alerts, {len(state['outbox'])} still to be sent."
        return dg.SensorResult(
            skip_reason=" ".join([count, *_said(refusals)]), cursor=json.dumps(state)
        )

    return alerts


def _said(refusals: list[Refusal]) -> Iterator[str]:
    """Yield a sentence for each of the first refusals; failed receivers before single alerts."""
    for refusal in sorted(refusals, key=lambda refusal: refusal.for_good)[:SHOWN]:
        yield f"{refusal.text}."
    if len(refusals) > SHOWN:
        yield f"The log names {len(refusals) - SHOWN} more."


def _news(instance: dg.DagsterInstance, state: dict[str, Any], now: dt.datetime) -> list[Alert]:
    """Return unsent alerts and mark them as sent."""
    start = max(
        dt.datetime.fromisoformat(state["since"]),
        dt.datetime.fromisoformat(state["until"]) - OVERLAP,
    )
    records = instance.get_run_records(
        dg.RunsFilter(statuses=ENDED, updated_after=start),
        order_by="update_timestamp",
        ascending=True,
    )
    sent, late = state["told"], state["late"]
    found: list[Alert] = []
    for record in records:
        run = record.dagster_run
        if run.run_id in sent:
            continue
        sent[run.run_id] = record.update_timestamp.isoformat()
        found += [alert for alert in alerts_of(instance, run) if _is_news(alert, late)]
    for subject, failing in failing_sensors(instance, SENSOR):
        if failing is None:
            late.pop(subject, None)
        elif _is_news(failing, late):
            found.append(failing)
    state["late"] = dict(list(late.items())[-REMEMBERED:])
    state["until"] = now.isoformat()
    state["told"] = {run: at for run, at in sent.items() if at > (start - OVERLAP).isoformat()}
    return found


def _is_news(alert: Alert, late: dict[str, str]) -> bool:
    """Return whether to send: a lasting state is sent once, until it changes."""
    subject, _, since = alert.key.rpartition("/")
    if alert.kind in STATES:
        if late.get(subject) == since:
            return False
        late.pop(subject, None)
        late[subject] = since
    return True
