"""What is outstanding: partitions whose deliveries, code or inputs are not those on record."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import dagster as dg

from customer360_assets.contracts import contracts
from customer360_assets.planning.holds import Hold, Holds, hold_of
from customer360_assets.planning.holds import in_force as in_force_holds
from customer360_assets.planning.versions import (
    NOTHING,
    PROFILE,
    SERVING_CODE,
    Versions,
    as_of_version,
    code_of,
    combine,
    in_force,
    newest_materializations,
    versions_in,
)
from customer360_assets.tables.partitions import Span, spans
from customer360_assets.tables.transformations import transformation

DAILY_JOB = "business_day"
"""The job that makes all of a business date."""
SERVING = "serving.customer_profile"
BRIDGE = 7
"""Days without a delivery that one run may span: a weekend and its holidays."""

Expected = dict[str, dict[dt.date, str]]
Events = Mapping[dt.date, dg.AssetMaterialization]


@dataclass(frozen=True, order=True)
class Batch:
    """One Dagster run: these tables, over these business dates."""

    span: Span
    tables: tuple[str, ...]

    @property
    def derives(self) -> bool:
        """Return whether the batch makes as-of tables, which depend on all earlier deliveries."""
        return not all(table.startswith(("raw.", "stage.")) for table in self.tables)


@dataclass(frozen=True)
class Plan:
    """What is outstanding, as runs in order, and what is not because it is held, by table."""

    batches: list[Batch]
    held_by_table: Mapping[str, Collection[dt.date]]


def expected_versions(
    raw: Mapping[str, Versions], dates: set[dt.date], holds: Holds | None = None
) -> Expected:
    """Return the version that every partition should have.

    `raw` gives those of the raw tables; `dates` are the dates of the as-of tables. A partition that
    is held should be as it is, and what reads it is made from that.
    """
    expected = _expected(raw, dates, {})
    held_versions = in_force_holds(expected, holds or {})
    return _expected(raw, dates, held_versions) if held_versions else expected


def _expected(
    raw: Mapping[str, Versions], dates: set[dt.date], held_versions: Mapping[str, Versions]
) -> Expected:
    expected: Expected = {
        f"raw.{feed}": {**versions, **held_versions.get(f"raw.{feed}", {})}
        for feed, versions in raw.items()
    }
    for stage in contracts("stage"):
        made_by = transformation(stage.table)
        known = {t: expected.get(t, {}) for t in made_by.reads}
        expected[stage.table] = {
            date: _staged(code_of(stage, made_by), known, date)
            for date in sorted({d for versions in known.values() for d in versions})
        } | dict(held_versions.get(stage.table, {}))
    for table in (*contracts("dimension"), *contracts("profile")):
        made_by = transformation(table.table)
        known = {t: expected.get(t, {}) for t in made_by.reads}
        expected[table.table] = {
            date: as_of_version(table, made_by, date, known) for date in sorted(dates)
        } | dict(held_versions.get(table.table, {}))
    expected[SERVING] = {
        date: combine(SERVING_CODE, [(PROFILE, date, version)])
        for date, version in expected[PROFILE].items()
    } | dict(held_versions.get(SERVING, {}))
    return expected


def effective_versions(
    raw: Mapping[str, Versions], recorded: Mapping[str, Versions]
) -> dict[str, Versions]:
    """Return the raw versions by feed; recorded ones by table for a feed that is not configured.

    A feed that was taken out of the set keeps its rows, and all that reads them goes by the record:
    what was expected without them could never be made.
    """
    return {feed: own or recorded.get(f"raw.{feed}", {}) for feed, own in raw.items()}


def _staged(code: str, known: Mapping[str, Versions], date: dt.date) -> str:
    read = [(t, date, v[date]) for t, v in known.items() if v.get(date, NOTHING) != NOTHING]
    return combine(code, read) if read else NOTHING


def outstanding(
    instance: dg.DagsterInstance,
    raw: Mapping[str, Versions],
    as_of: dt.date,
    longest: int | None = None,
) -> list[Batch]:
    """Return the runs that bring everything up to `as_of` to its expected version, in order."""
    return plan(instance, raw, as_of, longest).batches


def plan(
    instance: dg.DagsterInstance,
    raw: Mapping[str, Versions],
    as_of: dt.date,
    longest: int | None = None,
    lost: Callable[[str, Events], Collection[dt.date]] = lambda _table, _events: (),
) -> Plan:
    """Return what brings everything up to `as_of` to its expected version, and what is held.

    lost: the dates of a table whose rows are not there, whatever the record says; those of a
    partition that is held cannot be made as they were.

    Deliveries first, by feed and date, `longest` days in one run at most; then the as-of tables of
    the date itself, and of every earlier date that was published from inputs that have changed
    since.
    """
    as_of_tables = [c.table for c in (*contracts("dimension"), *contracts("profile"))]
    recorded: dict[str, dict[dt.date, str]] = defaultdict(dict)
    holds: dict[str, dict[dt.date, Hold]] = {}
    gone: dict[str, set[dt.date]] = {}
    ingested = [f"raw.{feed}" for feed in raw] + [c.table for c in contracts("stage")]
    for table in (*ingested, *as_of_tables, SERVING):
        events = newest_materializations(instance, table)
        recorded[table] = versions_in(events)
        gone[table] = set(lost(table, events))
        holds[table] = {d: h for d, event in events.items() if (h := hold_of(event))}
    published = {d for t in as_of_tables for d in recorded[t] if d <= as_of}
    known, dates = effective_versions(raw, recorded), published | {as_of}
    expected = _expected(known, dates, {})
    held_versions = in_force_holds(expected, holds)
    if held_versions:
        expected = _expected(known, dates, held_versions)

    due: dict[str, set[dt.date]] = {
        table: {
            date
            for date, version in versions.items()
            if date <= as_of
            and (
                recorded[table].get(date, NOTHING) != version
                or (date in gone.get(table, ()) and date not in held_versions.get(table, {}))
            )
        }
        for table, versions in expected.items()
    }
    due[SERVING] &= {as_of}
    if not any(date <= as_of for date in in_force(expected["stage.customer"])):
        for table in (*as_of_tables, SERVING):
            due[table] = set()
    up_to = {table: [d for d in dates if d <= as_of] for table, dates in held_versions.items()}
    return Plan(
        _batches(due, raw, as_of_tables, as_of, longest), {t: d for t, d in up_to.items() if d}
    )


def _batches(
    due: Mapping[str, set[dt.date]],
    raw: Mapping[str, Versions],
    as_of_tables: list[str],
    as_of: dt.date,
    longest: int | None,
) -> list[Batch]:
    ingest: dict[Span, list[str]] = defaultdict(list)
    for feed in raw:
        tables = [f"raw.{feed}", *(c.table for c in contracts("stage") if c.feed == feed)]
        dates: set[dt.date] = set().union(*(due.get(t, set()) for t in tables))
        for span in spans(dates, bridge=BRIDGE, longest=longest):
            ingest[span] += [t for t in tables if due.get(t, set()) & set(span.dates)]
    derive: dict[Span, list[str]] = defaultdict(list)
    for table in (*as_of_tables, SERVING):
        for date in sorted(due[table]):
            derive[Span(date, date)].append(table)
    # Deliveries of the date itself share a run with what is derived from them.
    today = Span(as_of, as_of)
    if today in derive and today in ingest:
        derive[today] = ingest.pop(today) + derive[today]
    return [Batch(s, tuple(t)) for part in (ingest, derive) for s, t in sorted(part.items())]
