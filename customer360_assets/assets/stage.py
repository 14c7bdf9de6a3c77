"""Every stage table as an asset: its SQL over the raw partitions of the same business dates."""

import datetime as dt
from collections.abc import Iterator, Mapping

import dagster as dg

from customer360_assets.contracts.audit import Audit
from customer360_assets.contracts.contract import Contract
from customer360_assets.deliveries.log import DeliveryLog
from customer360_assets.fates.moved import with_newer
from customer360_assets.fates.quarantine import publish_refused
from customer360_assets.fates.rows import Fates, split
from customer360_assets.fates.withdrawn import withdrawn
from customer360_assets.planning.versions import (
    METADATA_KEY,
    NOTHING,
    Versions,
    combine,
    in_force,
    recorded_versions,
)
from customer360_assets.publishing.checks.results import (
    Finding,
    conservation_finding,
    nothing_left,
    quarantine_finding,
)
from customer360_assets.publishing.checks.specs import check_specs
from customer360_assets.publishing.completeness import Gate, completeness
from customer360_assets.publishing.platform import RESOURCES, Platform
from customer360_assets.publishing.publish import (
    Candidate,
    Inputs,
    anomaly,
    audit_findings,
    publish,
    record_measures,
    references,
    refuse,
    result,
    rows_now,
)
from customer360_assets.publishing.reading import joined, pieces, span_inputs
from customer360_assets.publishing.refused_places import add_refused
from customer360_assets.publishing.retries import retried
from customer360_assets.tables.lineage import lineage_metadata
from customer360_assets.tables.partitions import MONTHLY, Span, span_of
from customer360_assets.tables.specs import asset_key, table_spec
from customer360_assets.tables.transformations import transformation
from resources.deployment.deployment import Deployment

Events = Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]


def stage_asset(
    deployment: Deployment, contract: Contract, partitions: dg.DailyPartitionsDefinition
) -> dg.AssetsDefinition:
    """Return the asset of one stage table."""
    made_by = transformation(contract.table)
    code = made_by.fingerprint + contract.fingerprint

    @dg.multi_asset(
        name=contract.table.replace(".", "__"),
        specs=[
            table_spec(
                contract,
                reads=made_by.reads,
                kinds={"sql", "iceberg"},
                code_version=code,
                partitions_def=partitions,
            )
        ],
        check_specs=check_specs(contract),
        required_resource_keys=RESOURCES,
        backfill_policy=MONTHLY,
        pool="sql",
    )
    @retried
    def stage(context: dg.AssetExecutionContext) -> Events:
        platform, span = Platform.of(context), span_of(context)
        # Before the data: what is published meanwhile then makes this partition outstanding again.
        known = {table: recorded_versions(context.instance, table) for table in made_by.reads}
        # Planned once: what is counted below is what was read, whoever publishes meanwhile.
        log = DeliveryLog.of(deployment, platform.landing, platform.archive, platform.ledger)
        delivered_so_far = log.delivered(str(contract.feed))
        read = {
            piece: with_newer(span_inputs(platform, made_by.reads, piece), delivered_so_far, piece)
            for piece in pieces(platform, f"raw.{contract.feed}", span)
        }
        fates = split(platform, contract, made_by, span, read, context.run.run_id)
        candidate = Candidate(contract, fates.files, span, fates.by_date)
        seen, findings = _findings(platform, candidate, fates, joined(read.values()))
        delivered = any(not in_force(v).keys().isdisjoint(span.dates) for v in known.values())
        gate = completeness(context, platform, candidate, seen)
        findings += [
            withdrawn(platform, candidate, fates.corrected),
            *gate.findings,
            anomaly(context, candidate, seen, delivered=delivered),
        ]
        yield from refuse(context, contract, findings)
        set_aside = publish_refused(platform, log, contract, span, fates, context.run.run_id)
        publish(platform, candidate, context.run.run_id)
        # Refused records belong in quarantine alone.
        platform.lake.discard(fates.unpublished)
        _record_partitions(context, contract, code, known, span, fates, gate)
        add_refused(context, platform, contract, span, set_aside)
        record_measures(context, contract, seen)
        yield result(
            contract,
            findings,
            {
                **rows_now(platform, contract),
                "bytes": platform.lake.bytes(fates.files),
                "quarantined": sum(fates.quarantined.values()),
                "values_set_aside": sum(fates.values_set_aside.values()),
                "repeated": fates.repeated,
                "corrected": fates.corrected,
            },
        )

    return stage


def _findings(
    platform: Platform, candidate: Candidate, fates: Fates, inputs: Inputs
) -> tuple[Audit, list[Finding]]:
    contract, span = candidate.contract, candidate.span
    seen, findings = audit_findings(platform, candidate)
    source = contract.conserves or (
        f"SELECT count(*) FROM raw.{contract.feed} WHERE business_date BETWEEN ? AND ?"
    )
    delivered = platform.sql.one(
        f"SELECT ({source}) AS records", params=[span.first, span.last], inputs=inputs
    )["records"]
    conserved = conservation_finding(
        int(delivered or 0),
        fates.rows,
        fates.repeated,
        sum(fates.quarantined.values()),
        fates.totals,
        fates.corrected,
    )
    return seen, [
        *findings,
        nothing_left(conserved, _emptied(platform, candidate, fates, inputs), fates.quarantined),
        quarantine_finding(str(contract.feed), fates.quarantined, fates.values_set_aside),
        *references(platform, candidate),
    ]


def _emptied(
    platform: Platform, candidate: Candidate, fates: Fates, inputs: Inputs
) -> list[dt.date]:
    """Return the dates of delivered snapshots of which no row remains to be published."""
    contract, span = candidate.contract, candidate.span
    if contract.reads != "snapshot" or not fates.quarantined:
        return []
    delivered = platform.sql.query(
        f"SELECT DISTINCT business_date FROM raw.{contract.feed}"
        " WHERE business_date BETWEEN ? AND ? ORDER BY business_date",
        params=[span.first, span.last],
        inputs=inputs,
    )
    dates: list[dt.date] = delivered["business_date"].to_pylist()
    return [date for date in dates if not fates.rows_by_date.get(date)]


def _record_partitions(
    context: dg.AssetExecutionContext,
    contract: Contract,
    code: str,
    known: Mapping[str, Versions],
    span: Span,
    fates: Fates,
    gate: Gate,
) -> None:
    """Record each date's version, rows and accepted loss: a range is many partitions."""
    for date in span.dates:
        read = [
            (table, date, versions[date])
            for table, versions in known.items()
            if versions.get(date, NOTHING) != NOTHING
        ]
        context.add_asset_metadata(
            {
                METADATA_KEY: combine(code, read) if read else NOTHING,
                "dagster/partition_row_count": fates.rows_by_date.get(date, 0),
                **gate.metadata(date),
            },
            asset_key=asset_key(contract.table),
            partition_key=date.isoformat(),
        )
    # Of all partitions the newest event alone: it is the table's, and half of an event's bytes.
    context.add_asset_metadata(
        lineage_metadata(contract.table),
        asset_key=asset_key(contract.table),
        partition_key=span.last.isoformat(),
    )
