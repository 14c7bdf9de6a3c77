"""Sources, the delivery manifest, and every raw table as assets."""

import datetime as dt
from collections.abc import Iterator, Mapping

import dagster as dg

from customer360_assets.asset_specs import asset_key, table_spec
from customer360_assets.checks.results import (
    Finding,
    conservation_finding,
    quarantine_finding,
)
from customer360_assets.checks.specs import check_specs
from customer360_assets.contracts import contract as contract_of
from customer360_assets.contracts.contract import Contract
from customer360_assets.deployment import Deployment
from customer360_assets.feeds.spec import FeedSpec
from customer360_assets.partitions import MONTHLY, Span, span_of
from customer360_assets.platform import RESOURCES, Platform
from customer360_assets.publishing import (
    Candidate,
    audit_findings,
    publish,
    publish_quarantine,
    refuse,
    result,
)
from customer360_assets.raw.deliveries import FeedDeliveries
from customer360_assets.raw.log import DeliveryLog, partition_versions
from customer360_assets.raw.manifest import write_manifest
from customer360_assets.tables import size_of
from customer360_assets.versions import METADATA_KEY, NOTHING

Events = Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]


def source_key(feed: str) -> dg.AssetKey:
    """Give the external asset that a feed is delivered from."""
    return dg.AssetKey(["source", feed])


def source_specs(feeds: Mapping[str, FeedSpec]) -> list[dg.AssetSpec]:
    """Give the systems of record as external assets: lineage starts at them."""
    return [
        dg.AssetSpec(
            source_key(feed),
            description=f"{spec.system}: {spec.description}",
            group_name="source",
            kinds={"source"},
            tags={"layer": "source", "feed": feed, "cadence": spec.cadence},
            metadata={"folder": spec.folder, "pattern": spec.pattern, "delivery": spec.delivery},
        )
        for feed, spec in sorted(feeds.items())
    ]


def delivery_asset(
    deployment: Deployment,
    feeds: Mapping[str, FeedSpec],
    partitions: dg.DailyPartitionsDefinition,
) -> dg.AssetsDefinition:
    """Give the manifest's asset: intake of whatever has arrived by the business date.

    A file without a date of its own is dated by the partition that takes it in.
    """
    contract = contract_of("raw.delivery")

    @dg.multi_asset(
        name="raw__delivery",
        specs=[
            table_spec(
                contract,
                reads=(),
                kinds={"python", "iceberg"},
                code_version=contract.fingerprint,
                partitions_def=partitions,
                extra_deps=tuple(source_key(feed) for feed in sorted(feeds)),
            )
        ],
        check_specs=check_specs(contract),
        required_resource_keys=RESOURCES,
        backfill_policy=MONTHLY,
        pool="raw",
    )
    def delivery(context: dg.AssetExecutionContext) -> Events:
        platform, span = Platform.of(context), span_of(context)
        log = DeliveryLog.of(deployment, platform.landing, platform.archive)
        taken = log.take_in(span.last)
        for feed in log.feeds:
            log.settled(feed)
        rows = log.manifest()
        output = platform.lake.candidate_dir(contract.table, context.run.run_id)
        candidate = Candidate(contract, write_manifest(rows, contract, output), span)
        _, findings = audit_findings(platform, candidate)
        refused = {r["file"]: r["reason"] for r in rows if r["status"] == "refused"}
        findings.append(_refused_finding(refused))
        yield from refuse(context, contract, findings)
        publish(platform, candidate, context.run.run_id)
        yield result(
            contract,
            findings,
            {
                "dagster/row_count": len(rows),
                "taken_in": len(taken.taken),
                "still_being_written": list(taken.changing),
                "of_no_feed": list(taken.unmatched),
                "refused": refused,
            },
        )

    return delivery


def raw_asset(
    deployment: Deployment,
    contract: Contract,
    spec: FeedSpec | None,
    partitions: dg.DailyPartitionsDefinition,
) -> dg.AssetsDefinition:
    """Give the asset of one raw table: the deliveries in force for its business dates."""
    feed = str(contract.feed)

    @dg.multi_asset(
        name=contract.table.replace(".", "__"),
        specs=[
            table_spec(
                contract,
                reads=("raw.delivery",),
                kinds={"duckdb", "iceberg"},
                code_version=spec.fingerprint(contract) if spec else contract.fingerprint,
                partitions_def=partitions,
                extra_deps=(source_key(feed),) if spec else (),
            )
        ],
        check_specs=check_specs(contract),
        required_resource_keys=RESOURCES,
        backfill_policy=MONTHLY,
        pool="raw",
    )
    def raw(context: dg.AssetExecutionContext) -> Events:
        platform, span = Platform.of(context), span_of(context)
        log = DeliveryLog.of(deployment, platform.landing, platform.archive)
        deliveries = log.settled(feed)
        by_date = deliveries.partition_files(span.first, span.last) if deliveries else {}
        files = [str(path) for paths in by_date.values() for path in paths]
        candidate = Candidate(contract, files, span)
        findings, quarantined = _findings(platform, candidate, deliveries)
        yield from refuse(context, contract, findings)
        held = deliveries.quarantine_files(span.first, span.last) if deliveries else {}
        publish_quarantine(
            platform,
            feed,
            f"raw/{feed}",
            [str(f) for files in held.values() for f in files],
            span,
            context.run.run_id,
        )
        rows = publish(platform, candidate, context.run.run_id)
        _tell_partitions(context, contract, span, deliveries)
        yield result(
            contract,
            findings,
            {
                "dagster/row_count": rows,
                "bytes": size_of(files),
                "quarantined": quarantined,
                "deliveries": len(_touching(deliveries, span)),
            },
        )

    return raw


def _touching(deliveries: FeedDeliveries | None, span: Span) -> list[tuple[str, dict[str, int]]]:
    """Give (delivery id, {"loaded", rule: records}) of the deliveries in force in a span.

    What a delivery quarantined counts on its own business date, as in the quarantine table.
    """
    touching = []
    for entry in deliveries.entries if deliveries else ():
        parsed = entry.parsed
        if parsed is None or deliveries is None:
            continue
        if deliveries.force.status[entry.delivery.delivery_id] != "loaded":
            continue
        in_force = [d for d in parsed.rows if entry.delivery in deliveries.in_force(d)]
        loaded = sum(parsed.rows[d] for d in in_force if span.first <= d <= span.last)
        own = parsed.business_date
        held = parsed.quarantined if own and span.first <= own <= span.last else {}
        if loaded or held:
            touching.append((entry.delivery.delivery_id, {"loaded": loaded, **held}))
    return touching


def _findings(
    platform: Platform, candidate: Candidate, deliveries: FeedDeliveries | None
) -> tuple[list[Finding], int]:
    audit, findings = audit_findings(platform, candidate)
    by_rule: dict[str, int] = {}
    loaded = 0
    for _, counts in _touching(deliveries, candidate.span):
        loaded += counts["loaded"]
        for rule, records in counts.items():
            if rule != "loaded":
                by_rule[rule] = by_rule.get(rule, 0) + records
    held = sum(by_rule.values())
    return [
        *findings,
        conservation_finding(loaded + held, audit.rows, 0, held, {}),
        quarantine_finding(str(candidate.contract.feed), by_rule),
    ], held


def _refused_finding(refused: Mapping[str, str]) -> Finding:
    sentence = (
        "No file was refused."
        if not refused
        else f"{len(refused)} files refused whole: "
        + "; ".join(f"{file}: {reason}" for file, reason in refused.items())
        + ". Ask the source to deliver them again."
    )
    return Finding("refused_files", not refused, sentence, {"refused": len(refused)})


def _tell_partitions(
    context: dg.AssetExecutionContext,
    contract: Contract,
    span: Span,
    deliveries: FeedDeliveries | None,
) -> None:
    versions = partition_versions(deliveries) if deliveries else {}
    rows: dict[dt.date, int] = {}
    for entry in deliveries.entries if deliveries else ():
        for date, records in (entry.parsed.rows if entry.parsed else {}).items():
            if deliveries and entry.delivery in deliveries.in_force(date):
                rows[date] = rows.get(date, 0) + records
    for date in span.dates:
        context.add_asset_metadata(
            {
                METADATA_KEY: versions.get(date, NOTHING),
                "dagster/partition_row_count": rows.get(date, 0),
            },
            asset_key=asset_key(contract.table),
            partition_key=date.isoformat(),
        )
