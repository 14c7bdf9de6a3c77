"""Write, audit, publish: the one way by which rows reach a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import dagster as dg

from customer360_assets.contracts import contract as contract_of
from customer360_assets.contracts.audit import Audit, audit_sql, merged, read_audit
from customer360_assets.contracts.contract import Contract
from customer360_assets.planning.materializations import Made, made
from customer360_assets.planning.materializations import delivered as holding
from customer360_assets.publishing.checks.anomaly import HISTORY, anomaly_finding
from customer360_assets.publishing.checks.pandera_sample import SAMPLED_ROWS, pandera_finding
from customer360_assets.publishing.checks.results import (
    Finding,
    contract_finding,
    grain_finding,
    reference_finding,
)
from customer360_assets.publishing.checks.totals import total_findings
from customer360_assets.publishing.lake_tables import ensure, readable
from customer360_assets.publishing.platform import Platform
from customer360_assets.publishing.reading import as_of_files, grouped
from customer360_assets.tables.partitions import Span, span_of
from customer360_assets.tables.specs import asset_key
from resources.protocols.lake_types import RUN_ID, DamagedFileError, Partitions
from resources.protocols.sql_engine import Query
from resources.protocols.work import current_work

Inputs = Mapping[str, Sequence[str]]
OURS = "candidate"


@dataclass(frozen=True)
class Candidate:
    """Files that an engine wrote for the dates of a span, not yet seen by any reader.

    by_date: the files of each date, where each holds one. kept: dates of the span whose partitions
    stay as they are.
    """

    contract: Contract
    files: Sequence[str]
    span: Span
    by_date: Mapping[dt.date, Sequence[str]] = field(default_factory=dict)
    kept: frozenset[dt.date] = frozenset()


def audit(platform: Platform, candidate: Candidate) -> Audit:
    """Run the contract over a candidate, as one aggregate in the engine.

    In pieces where the engine wants them: rows of different dates have no key in common.
    """
    contract, lake = candidate.contract, platform.lake
    groups: list[Sequence[str]] = [candidate.files]
    if candidate.by_date and "business_date" in contract.key and platform.sql.bytes_at_once:
        sizes = {date: lake.bytes(files) for date, files in candidate.by_date.items()}
        groups = [
            [file for date in dates for file in candidate.by_date[date]]
            for dates in grouped(sizes, platform.sql.bytes_at_once)
        ]
    sql = audit_sql(contract, "candidate.rows")
    found = []
    for files in groups:
        rows = readable(platform, contract.table, files)
        found.append(read_audit(contract, platform.sql.one(sql, inputs={"candidate.rows": rows})))
    return merged(found)


def audit_findings(platform: Platform, candidate: Candidate) -> tuple[Audit, list[Finding]]:
    """Return the contract and grain findings of a candidate."""
    seen = audit(platform, candidate)
    contract = candidate.contract
    sample = platform.lake.sample(contract.table, candidate.files, SAMPLED_ROWS)
    return seen, [
        contract_finding(contract, seen),
        grain_finding(contract, seen),
        pandera_finding(contract, sample),
    ]


def anomaly(
    context: dg.AssetExecutionContext, candidate: Candidate, seen: Audit, *, delivered: bool = True
) -> Finding:
    """Compare the newest date of a candidate with what was recorded of the partitions before it.

    delivered: whether anything was delivered for its dates; a day without is no odd delivery.
    """
    contract, date = candidate.contract, seen.newest or candidate.span.last
    if not delivered and not seen.rows:
        return Finding("anomaly", True, f"{date} was not compared: nothing was delivered.", {})
    now = {"rows": 0.0, **seen.measures}
    history = [
        {**m.numbers, "rows": m.rows}
        for m in _delivered_before(context.instance, contract.table, date)
        if m.rows is not None
    ]
    return anomaly_finding(contract, date, now, history)


def _delivered_before(instance: dg.DagsterInstance, table: str, date: dt.date) -> list[Made]:
    """Return the newest partitions before a date that have a delivery, oldest first."""
    found: list[Made] = []
    # The schedule makes every date; a feed that delivers weekly holds something on one in seven.
    for last in (HISTORY, 7 * HISTORY):
        before = made(instance, table, last=last, before=date)
        found = [before[d] for d in holding(before)][-HISTORY:]
        if len(found) == HISTORY or len(before) < last:
            break
    return found


def measured(seen: Audit) -> dict[str, float]:
    """Return the key measures of a candidate's newest date, as recorded for its partition."""
    return {name: value for name, value in seen.measures.items() if name != "rows"}


def record_measures(context: dg.AssetExecutionContext, contract: Contract, seen: Audit) -> None:
    """Record the key measures with the newest date of a span."""
    if seen.newest and (measures := measured(seen)):
        context.add_asset_metadata(
            measures,
            asset_key=asset_key(contract.table),
            partition_key=seen.newest.isoformat(),
        )


def reconcile(platform: Platform, candidate: Candidate, inputs: Inputs) -> list[Finding]:
    """Compare a candidate's control totals with those of the tables that it read."""
    controls = candidate.contract.controls
    if not controls:
        return []
    files = readable(platform, candidate.contract.table, candidate.files)
    ours = ", ".join(f"{c.candidate} AS control_{i}" for i, c in enumerate(controls))
    queries = {
        c.name: Query(
            f"SELECT ({c.source}) AS total",
            [candidate.span.last] * c.source.count("?"),
            inputs,
        )
        for c in controls
    }
    queries[OURS] = Query(f"SELECT {ours} FROM candidate.rows", (), {"candidate.rows": files})
    found = platform.sql.rows(queries)
    return total_findings(
        {
            c: (_decimal(found[OURS][f"control_{i}"]), _decimal(found[c.name]["total"]))
            for i, c in enumerate(controls)
        }
    )


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def references(platform: Platform, candidate: Candidate) -> list[Finding]:
    """Count the rows of a candidate whose references point at nothing known by then."""
    queries = {}
    for reference in candidate.contract.references:
        target = contract_of(reference.table)
        known = _known(platform, target, candidate.span.last)
        if known:
            queries[f"{reference.column} in {reference.table}"] = Query(
                f"SELECT count(*) AS orphans FROM candidate.rows AS c"
                f" WHERE c.{reference.column} IS NOT NULL AND c.{reference.column} NOT IN"
                f" (SELECT t.{reference.target} FROM target.rows AS t"
                f" WHERE t.{reference.target} IS NOT NULL)",
                (),
                {
                    "candidate.rows": readable(platform, candidate.contract.table, candidate.files),
                    "target.rows": known,
                },
            )
    orphans = {name: int(row["orphans"]) for name, row in platform.sql.rows(queries).items()}
    return [reference_finding(orphans)] if candidate.contract.references else []


def _known(platform: Platform, target: Contract, as_of: dt.date) -> Sequence[str]:
    """Return what a reference may point at; nothing if it is damaged and waits to be remade."""
    try:
        return as_of_files(platform, target, as_of)
    except DamagedFileError:
        return []


def publish(platform: Platform, candidate: Candidate, run_id: str) -> int:
    """Replace the span's partitions by the candidate in one atomic step; return its rows."""
    whole = not candidate.contract.partitioned
    replaced = Partitions.everything() if whole else _replaced(candidate.span, candidate.kept)
    return _put(platform, candidate.contract, candidate.files, replaced, run_id)


def rows_now(platform: Platform, contract: Contract) -> dict[str, int]:
    """Return the rows of the whole table as metadata: the UI shows this number of the table."""
    current = (s.rows for s in platform.lake.history(contract.table) if s.current)
    return {"dagster/row_count": next(current, 0)}


def publish_quarantine(
    platform: Platform,
    feed: str,
    caught_by: str,
    files: Sequence[str],
    span: Span,
    run_id: str,
    kept: frozenset[dt.date] = frozenset(),
) -> int:
    """Replace an asset's quarantine for a span but for `kept` dates; return its rows."""
    replaced = _replaced(span, kept, caught_by=caught_by)
    return _put(platform, contract_of(f"quarantine.{feed}"), files, replaced, run_id)


def _replaced(span: Span, kept: frozenset[dt.date], **where: object) -> Partitions:
    if not kept:
        return Partitions.between(span.first, span.last, **where)
    return Partitions.on(*(date for date in span.dates if date not in kept), **where)


def _put(
    platform: Platform,
    contract: Contract,
    files: Sequence[str],
    replaced: Partitions,
    run_id: str,
) -> int:
    ensure(platform, contract)
    put = platform.lake.publish(contract.table, list(files), replaced, {RUN_ID: run_id})
    return put.rows


def refuse(
    context: dg.AssetExecutionContext, contract: Contract, findings: Sequence[Finding]
) -> Iterator[dg.AssetCheckResult]:
    """Record the checks and raise dg.Failure if one stops the table; else return nothing.

    Nothing was published by then: readers keep the partition that was there.
    """
    stopping = [f for f in findings if f.stops(contract)]
    if not stopping:
        return
    yield from (f.result(contract) for f in findings)
    raise dg.Failure(
        description=f"{contract.table} {span_of(context)}: "
        + " ".join(f.sentence for f in stopping),
        metadata={f.check: f.sentence for f in stopping},
        allow_retries=False,
    )


def result(
    contract: Contract, findings: Sequence[Finding], metadata: Mapping[str, Any]
) -> dg.MaterializeResult[None]:
    """Return the materialization with its checks, cost, and refused records by rule."""
    refused = next((f for f in findings if f.check == "quarantine" and not f.passed), None)
    preview = {"refused by rule": _preview(refused)} if refused else {}
    return dg.MaterializeResult(
        asset_key=asset_key(contract.table),
        metadata={**metadata, **_spent(), **preview},
        check_results=[f.result(contract) for f in findings],
    )


def _spent() -> dict[str, int | float]:
    """Return the duration of the step and what the engines report: bytes scanned, cost."""
    work = current_work()
    if work is None:
        return {}
    numbers = {name: n if isinstance(n, int) else float(n) for name, n in work.numbers.items()}
    return {"seconds": round(work.seconds, 3), **numbers}


def _preview(finding: Finding) -> dg.MarkdownMetadataValue:
    """Return the refused records by rule, as a table: counts, never a value."""
    totals = ("quarantined", "values_set_aside")
    rules = {name: n for name, n in finding.numbers.items() if name not in totals}
    lines = [f"| `{rule}` | {n:,} |" for rule, n in sorted(rules.items())]
    return dg.MetadataValue.md("\n".join(["| rule | records |", "|:--|--:|", *lines]))
