"""The gate that keeps a table from losing its keys: measured in the engine, accepted by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import dagster as dg

from customer360_assets.contracts import contract as contract_of
from customer360_assets.contracts import contracts
from customer360_assets.contracts.audit import Audit
from customer360_assets.contracts.contract import Contract
from customer360_assets.planning.materializations import made
from customer360_assets.publishing.checks.kept_keys import (
    TAG,
    Loss,
    completeness_finding,
    emptiness_finding,
    loss_sql,
    losses_between,
    no_customer,
)
from customer360_assets.publishing.checks.results import Finding
from customer360_assets.publishing.lake_tables import published
from customer360_assets.publishing.platform import Platform
from customer360_assets.publishing.publish import Candidate
from customer360_assets.publishing.reading import grouped, replaced_files
from customer360_assets.tables.partitions import Span
from customer360_assets.tables.transformations import transformation
from resources.protocols.lake_types import MissingTableError

ACCEPTED = "loss_accepted"
"""Metadata of a partition that was published without keys of the one before: how many."""
CUSTOMERS = "stage.customer"


def gated_tables() -> list[str]:
    """Return the tables of which a loss of keys can be accepted."""
    schemas = ("stage", "dimension", "profile")
    return [c.table for schema in schemas for c in contracts(schema) if c.whole_key]


def unknown_tables(names: Collection[str]) -> str | None:
    """Return what is wrong with the tables whose loss is to be accepted, None if all are known."""
    known = gated_tables()
    if not (odd := sorted(set(names) - set(known))):
        return None
    return f"No loss can be accepted of {', '.join(odd)}; write one of {', '.join(known)}."


@dataclass(frozen=True)
class Gate:
    """What the gate found, and how many keys each date lost with somebody's consent."""

    findings: list[Finding] = field(default_factory=list)
    accepted: Mapping[dt.date, int] = field(default_factory=dict)

    def metadata(self, date: dt.date) -> dict[str, int]:
        """Return what a date's materialization records of an accepted loss."""
        return {ACCEPTED: self.accepted[date]} if date in self.accepted else {}


def completeness(
    context: dg.AssetExecutionContext, platform: Platform, candidate: Candidate, seen: Audit
) -> Gate:
    """Compare the keys of each date of a candidate with those of the published date before it.

    A date that is published already is compared with itself, too, if it lacks too many: what it
    has lost before was accepted then, and is not lost again when the date is made again.
    """
    contract, last = candidate.contract, candidate.span.last
    if not contract.whole_key:
        return Gate()
    own = f"the run tag {TAG}" if contract.table in _named(context) else None
    if not seen.rows:
        # Of a stage table without rows nothing was delivered, or conservation refuses it.
        if contract.schema == "stage":
            return Gate([completeness_finding(contract, [])])
        finding = emptiness_finding(contract, last, _why_empty(platform, last), own)
        return Gate([finding], {last: 0} if own else {})
    by_date = candidate.by_date or {last: candidate.files}
    losses = [
        _against_itself(platform, contract, loss, by_date) if loss.exceeds(contract) else loss
        for loss in _losses(platform, contract, by_date)
    ]
    lost = [loss for loss in losses if loss.exceeds(contract)]
    accepted = own or (accepted_before(context.instance, contract, lost) if lost else None)
    return Gate(
        [completeness_finding(contract, losses, accepted)],
        {loss.date: loss.missing for loss in lost} if accepted else {},
    )


def _named(context: dg.AssetExecutionContext) -> set[str]:
    """Return the tables that the run's tag names; a name that is no table fails the step."""
    names = {name.strip() for name in context.run.tags.get(TAG, "").split(",")} - {""}
    if odd := unknown_tables(names):
        raise dg.Failure(f"Run tag {TAG}: {odd}", allow_retries=False)
    return names


def _losses(
    platform: Platform, contract: Contract, by_date: Mapping[dt.date, Sequence[str]]
) -> list[Loss]:
    """Return the loss of each date against the one before it, as the engine wants to read them."""
    first, lake = min(by_date), platform.lake
    try:
        before = lake.newest(contract.table, first - dt.timedelta(days=1))
    except MissingTableError:
        before = None
    files = lake.files(contract.table, before, before) if before else []
    sizes = {date: lake.bytes(by_date[date]) for date in by_date}
    losses = [] if before else [Loss(first)]
    for dates in grouped(sizes, platform.sql.bytes_at_once):
        # The earliest date has nothing before it: one date alone needs no query.
        if before or len(dates) > 1:
            group = {date: by_date[date] for date in dates}
            losses += _counted(platform, contract, (before, files), group)
        before, files = dates[-1], by_date[dates[-1]]
    return losses


def _against_itself(
    platform: Platform,
    contract: Contract,
    loss: Loss,
    by_date: Mapping[dt.date, Sequence[str]],
) -> Loss:
    """Return the loss against what is published of the date itself, if that is less."""
    replaced = replaced_files(platform, contract.table, Span(loss.date, loss.date))
    if not replaced:
        return loss
    (own,) = _counted(platform, contract, (loss.date, replaced), {loss.date: by_date[loss.date]})
    return loss if own.exceeds(contract) else own


def _counted(
    platform: Platform,
    contract: Contract,
    before: tuple[dt.date | None, Sequence[str]],
    by_date: Mapping[dt.date, Sequence[str]],
) -> list[Loss]:
    date, shown = before
    candidate = [file for files in by_date.values() for file in files]
    counted = platform.sql.query(
        loss_sql(contract),
        inputs={
            "candidate.rows": candidate,
            "published.rows": published(platform, contract.table, shown),
        },
    ).to_pylist()
    earlier = [(date, False)] if date else []
    return losses_between([*earlier, *((d, True) for d in sorted(by_date))], counted)


def accepted_before(
    instance: dg.DagsterInstance, contract: Contract, lost: Sequence[Loss]
) -> str | None:
    """Return the table whose accepted loss explains that of a table made from it, None if none.

    Clients that CRM no longer has are missing in all that is made from its snapshot: they are
    accepted once. What is missing beyond them is not.
    """
    for table in _made_from(contract):
        accepted = {
            d: int(m.numbers[ACCEPTED])
            for d, m in made(instance, table).items()
            if ACCEPTED in m.numbers
        }
        if not any(_unexplained(loss, accepted).exceeds(contract) for loss in lost):
            return f"the run that published {table}"
    return None


def _unexplained(loss: Loss, accepted: Mapping[dt.date, int]) -> Loss:
    """Return a loss without the keys whose loss was accepted since the date before."""
    since = (n for date, n in accepted.items() if loss.before and loss.before < date <= loss.date)
    return replace(loss, missing=loss.missing - sum(since))


def _made_from(contract: Contract) -> list[str]:
    """Return the tables of the same key that a table is made from, directly or not."""
    found: list[str] = []
    unread = [contract.table]
    while unread:
        for table in transformation(unread.pop(0)).reads:
            if table not in found and contract_of(table).whole_key == contract.whole_key:
                found.append(table)
                unread.append(table)
    return found


def _why_empty(platform: Platform, date: dt.date) -> str:
    """Return why no client is in a table of one row per client."""
    try:
        delivered = platform.lake.newest(CUSTOMERS, date)
    except MissingTableError:
        delivered = None
    return "It was made of no client that CRM has." if delivered else no_customer(date)
