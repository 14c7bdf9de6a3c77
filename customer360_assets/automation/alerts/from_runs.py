"""Alerts for whoever is on call, from the record of ended runs: counts and names, no values."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

import dagster as dg

from customer360_assets.automation.schedule.freshness import CHECK as ON_TIME
from customer360_assets.contracts import contract as contract_of
from resources.dagster_internals import WILL_RETRY_TAG, InstigatorType, TickStatus

UI = "CUSTOMER360_UI_URL"
LOCAL_UI = "http://127.0.0.1:3000"
CONSERVATION = "conservation"
REFUSED_FILES = "refused_files"
OF_NO_FEED = "of_no_feed"
STATES = {"overdue feed", "quarantine", "refused file", "file of no feed", "failing sensor"}
"""Kinds that last: each run finds them again, so they are sent when they begin or change. The last
part of their key is what may change."""
ENDED_TICKS = [TickStatus.SUCCESS, TickStatus.SKIPPED, TickStatus.FAILURE]
SHOWN = 5
"""Files that a text names; the asset's page names all."""


@dataclass(frozen=True)
class Alert:
    """One alert: `key` is the same whenever the same alert is sent again."""

    key: str
    kind: str
    title: str
    text: str
    link: str

    def as_json(self) -> dict[str, str]:
        """Return the alert as it is sent to receivers."""
        return asdict(self)


def alerts_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Iterator[Alert]:
    """Yield the alerts of an ended run."""
    if run.status is dg.DagsterRunStatus.FAILURE and run.tags.get(WILL_RETRY_TAG) != "true":
        yield _failed_run(instance, run)
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
        if entry.dagster_event:
            found = entry.dagster_event.asset_check_evaluation_data
            yield from _of_check(run, found)
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    for entry in instance.all_logs(run.run_id, of_type=kind):
        if entry.asset_materialization:
            yield from _of_no_feed(entry.asset_materialization)


def failing_sensors(instance: dg.DagsterInstance, but: str) -> Iterator[tuple[str, Alert | None]]:
    """Yield the subject of every sensor and schedule that is on, with an alert if it fails.

    but: the sensor that asks; no alert reports its own failure.
    """
    for state in instance.all_instigator_state():
        name = state.instigator_name
        if name == but or not state.is_running:
            continue
        ticks = instance.get_ticks(
            state.instigator_origin_id, state.selector_id, limit=1, statuses=ENDED_TICKS
        )
        failed = ticks and ticks[0].status is TickStatus.FAILURE
        error = ticks[0].error if failed else None
        named = f" ({error.cls_name})" if error and error.cls_name else ""
        kind = "sensors" if state.instigator_type is InstigatorType.SENSOR else "schedules"
        alert = Alert(
            f"sensor/{name}/failing",
            "failing sensor",
            f"{name} fails",
            f"Its newest tick failed{named}. It keeps trying; its ticks state the reason.",
            link(f"locations/__repository__@customer360/{kind}/{name}"),
        )
        yield f"sensor/{name}", alert if failed else None


def _of_no_feed(event: dg.AssetMaterialization) -> Iterator[Alert]:
    found = event.metadata.get(OF_NO_FEED)
    files = sorted(map(str, found.value)) if found and isinstance(found.value, list) else []
    if files:
        more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
        yield Alert(
            f"{OF_NO_FEED}/{_digest(files)}", "file of no feed",
            f"{len(files)} files match no feed",
            f"{', '.join(files[:SHOWN])}{more}: no feed's pattern matches their names, "
            "or they are not regular files.",
            link("assets/" + "/".join(event.asset_key.path)),
        )  # fmt: skip


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def _failed_run(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Alert:
    steps = []
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = entry.dagster_event
        if event:
            # The message of an error may hold what it stumbled over: its class does not.
            error = event.step_failure_data.error
            cause = error.cause if error and error.cause else error
            named = f" ({cause.cls_name})" if cause and cause.cls_name else ""
            steps.append(f"{(event.step_key or '').replace('__', '.')}{named}")
    of = f" of {run.tags['dagster/partition']}" if "dagster/partition" in run.tags else ""
    where = f"It failed in {', '.join(steps)}." if steps else "It ended before a step did."
    return Alert(
        f"run/{run.run_id}",
        "failed run",
        f"Run {run.run_id[:8]}{of} failed",
        f"{where} What was published before stays.",
        link(f"runs/{run.run_id}"),
    )


def _of_check(run: dg.DagsterRun, found: dg.AssetCheckEvaluation) -> Iterator[Alert]:
    table = ".".join(found.asset_key.path)
    asset = link("assets/" + "/".join(found.asset_key.path))
    if found.check_name == ON_TIME and not found.passed:
        newest = found.metadata.get("newest_business_date")
        since = newest.value if newest else "never"
        yield Alert(
            f"overdue/{table}/{since}", "overdue feed", f"{table} is overdue",
            str(found.description), asset,
        )  # fmt: skip
    elif not found.passed and found.blocking and found.severity is dg.AssetCheckSeverity.ERROR:
        yield Alert(
            f"check/{run.run_id}/{table}/{found.check_name}", "failed check",
            f"{table} was not published: {found.check_name}", str(found.description), asset,
        )  # fmt: skip
    elif found.check_name == REFUSED_FILES and not found.passed:
        refused = str(found.description)
        yield Alert(
            f"{REFUSED_FILES}/{table}/{_digest([refused])}", "refused file",
            "Files were refused", refused, asset,
        )  # fmt: skip
    elif found.check_name == CONSERVATION and (text := _too_many_refused(table, found)):
        yield Alert(
            f"quarantine/{table}/{_dates(run)}/{_digest([text])}", "quarantine",
            f"{table} has too many records in quarantine", text, asset,
        )  # fmt: skip


def _dates(run: dg.DagsterRun) -> str:
    first, last = (run.tags.get(f"dagster/asset_partition_range_{end}") for end in ("start", "end"))
    return run.tags.get("dagster/partition") or f"{first}..{last}"


def _too_many_refused(table: str, found: dg.AssetCheckEvaluation) -> str | None:
    numbers = {n: found.metadata[n].value for n in ("delivered", "quarantined")}
    delivered, refused = (int(str(n)) for n in numbers.values())
    limit = contract_of(table).quarantine_limit
    if not delivered or refused <= limit * delivered:
        return None
    return (
        f"{refused:,} of {delivered:,} delivered records ({refused / delivered:.1%}) are in"
        f" quarantine; the contract allows {limit:.1%}. The check quarantine counts them by rule."
    )


def link(path: str) -> str:
    """Return the URL of a page of the UI."""
    return f"{os.environ.get(UI, LOCAL_UI).rstrip('/')}/{path}"
