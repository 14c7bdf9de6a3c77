"""Sources, the delivery manifest, and every raw table as assets."""

import datetime as dt
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import dagster as dg

from customer360_assets.contracts import contract as contract_of
from customer360_assets.contracts.audit import Audit
from customer360_assets.contracts.contract import Contract
from customer360_assets.deliveries.awaiting_correction import awaiting_correction
from customer360_assets.deliveries.dates import record_dates
from customer360_assets.deliveries.feed_deliveries import FeedDeliveries
from customer360_assets.deliveries.holdings import Holdings, holdings_of
from customer360_assets.deliveries.intake.config import IntakeConfig
from customer360_assets.deliveries.intake.landed import unmatched
from customer360_assets.deliveries.log import DeliveryLog, partition_versions
from customer360_assets.deliveries.manifest import write_manifest
from customer360_assets.deliveries.parsing.failures import ParseFailuresError
from customer360_assets.deliveries.waiting import intake_finding, unparsed_finding, waiting
from customer360_assets.feeds.spec import FeedSpec
from customer360_assets.planning.versions import METADATA_KEY, NOTHING, in_force, recorded_versions
from customer360_assets.publishing.checks.results import (
    Finding,
    conservation_finding,
    quarantine_finding,
)
from customer360_assets.publishing.checks.specs import check_specs
from customer360_assets.publishing.combined import combined
from customer360_assets.publishing.lake_tables import ensure_all
from customer360_assets.publishing.platform import RESOURCES, Platform
from customer360_assets.publishing.publish import (
    Candidate,
    anomaly,
    audit_findings,
    publish,
    publish_quarantine,
    refuse,
    result,
    rows_now,
)
from customer360_assets.publishing.refused_places import add_refused, refused_files
from customer360_assets.publishing.retries import retried
from customer360_assets.tables.partitions import MONTHLY, Span, span_of
from customer360_assets.tables.specs import asset_key, table_spec
from resources.deployment.deployment import Deployment

Events = Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]


def source_key(feed: str) -> dg.AssetKey:
    """Return the key of the external asset that a feed is delivered from."""
    return dg.AssetKey(["source", feed])


def source_specs(feeds: Mapping[str, FeedSpec]) -> list[dg.AssetSpec]:
    """Return the systems of record as external assets: lineage starts at them."""
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
    """Return the manifest's asset: intake of what has arrived by the business date.

    A file without a date of its own gets the date of its arrival.
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
    @retried
    def delivery(context: dg.AssetExecutionContext, config: IntakeConfig) -> Events:
        platform, span = Platform.of(context), span_of(context)
        ensure_all(platform)
        log = DeliveryLog.of(deployment, platform.landing, platform.archive, platform.ledger)
        feeds = sorted(log.feeds) if config.feed is None else [config.feed]
        arrived = config.date_of_arrival(context, deployment)
        taken = log.take_in(
            span.last,
            feeds,
            config.files,
            arrived,
            config.at_rest(context, deployment, log.landing, log.of_feeds(feeds)).is_whole,
        )
        published: list[dict[str, Any]] | None = None
        # Again while another intake goes on: it may have published an older view over this one.
        for turn in count():
            if published == (rows := log.manifest()):
                break
            published = rows
            output = platform.lake.candidate_dir(contract.table, f"{context.run.run_id}.{turn}")
            candidate = Candidate(contract, write_manifest(rows, contract, output), span)
            _, findings = audit_findings(platform, candidate)
            refused = {r["file"]: r["reason"] for r in awaiting_correction(rows, log.feeds)}
            findings += [_refused_finding(refused), intake_finding(taken.failure)]
            yield from refuse(context, contract, findings)
            publish(platform, candidate, context.run.run_id)
        record_dates(context, deployment, log.versions(), arrived)
        if taken.failure and len(set(context.job_def.asset_layer.executable_asset_keys)) == 1:
            # Only now: what could be taken in is on record, and may be published. A run that makes
            # tables as well goes on: what the file does not touch is made, and the check names it.
            raise taken.failure
        yield result(
            contract,
            findings,
            {
                "dagster/row_count": len(rows),
                "taken_in": len(taken.taken),
                "still_being_written": list(taken.changing),
                "of_no_feed": (
                    unmatched(log.landing, log.feeds.values())
                    if config.feed
                    else list(taken.unmatched)
                ),
                **refused_files(refused),
            },
        )

    return delivery


def raw_asset(
    deployment: Deployment,
    contract: Contract,
    spec: FeedSpec | None,
    partitions: dg.DailyPartitionsDefinition,
) -> dg.AssetsDefinition:
    """Return the asset of one raw table: the deliveries in force for its business dates."""
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
    @retried
    def raw(context: dg.AssetExecutionContext) -> Events:
        platform, span = Platform.of(context), span_of(context)
        log = DeliveryLog.of(deployment, platform.landing, platform.archive, platform.ledger)
        deliveries = log.parsed(feed)
        kept = _kept(deliveries, span)
        before = recorded_versions(context.instance, contract.table) if kept else {}
        holdings = holdings_of(deliveries, span, kept)
        by_date, refused = _files(platform, contract, deliveries, span, kept, context.run.run_id)
        files = [file for date in by_date.values() for file in date]
        candidate = Candidate(contract, files, span, by_date, kept)
        seen, findings = _findings(platform, candidate, holdings)
        versions = partition_versions(deliveries) if deliveries else {}
        deployment.record_deliveries(versions)
        delivered = not in_force(versions).keys().isdisjoint(set(span.dates) - kept)
        findings.append(anomaly(context, candidate, seen, delivered=delivered))
        findings.append(unparsed_finding(deliveries, kept))
        yield from refuse(context, contract, findings)
        publish_quarantine(platform, feed, f"raw/{feed}", refused, span, context.run.run_id, kept)
        publish(platform, candidate, context.run.run_id)
        for date in kept:
            # It stays outstanding, and what reads it goes by what it holds.
            versions[date] = before.get(date, NOTHING)
        holdings.rows.update(_rows_of(platform, contract, kept))
        _record_partitions(context, contract, span, versions, holdings)
        set_aside = holdings.quarantined.total() + holdings.set_aside.total()
        add_refused(context, platform, contract, span, set_aside)
        yield result(
            contract,
            findings,
            {
                **rows_now(platform, contract),
                "bytes": platform.lake.bytes(files),
                "quarantined": holdings.quarantined.total(),
                "values_set_aside": holdings.set_aside.total(),
                "deliveries": holdings.deliveries,
            },
        )

    return raw


def _kept(deliveries: FeedDeliveries | None, span: Span) -> frozenset[dt.date]:
    """Return the dates of a span that wait for a delivery which cannot be parsed.

    Raises ParseFailuresError when there is no other date.
    """
    if deliveries is None or not deliveries.failures:
        return frozenset()
    kept = waiting(deliveries).dates & set(span.dates)
    if len(kept) == len(span.dates):
        raise ParseFailuresError(deliveries.failures) from deliveries.failures[0][1]
    return kept


def _rows_of(
    platform: Platform, contract: Contract, dates: frozenset[dt.date]
) -> dict[dt.date, int]:
    """Return the rows that published dates hold."""
    if not dates:
        return {}
    found = platform.lake.dates(contract.table, min(dates), max(dates))
    return {date: rows for date, rows in found.items() if date in dates}


def _files(
    platform: Platform,
    contract: Contract,
    deliveries: FeedDeliveries | None,
    span: Span,
    kept: frozenset[dt.date],
    key: str,
) -> tuple[dict[dt.date, list[str]], list[str]]:
    """Return the parsed files of a span: the rows by date, and the records in quarantine."""
    if deliveries is None:
        return {}, []
    refused = contract_of(f"quarantine.{contract.feed}")
    good = deliveries.partition_files(span.first, span.last)
    bad = deliveries.quarantine_files(span.first, span.last)
    rows = combined(platform, contract, good, kept, key)
    aside = combined(platform, refused, bad, kept, key)
    return rows, [file for files in aside.values() for file in files]


def _findings(
    platform: Platform, candidate: Candidate, holdings: Holdings
) -> tuple[Audit, list[Finding]]:
    audit, findings = audit_findings(platform, candidate)
    refused = holdings.quarantined.total()
    return audit, [
        *findings,
        conservation_finding(holdings.loaded + refused, audit.rows, 0, refused, {}),
        quarantine_finding(str(candidate.contract.feed), holdings.quarantined, holdings.set_aside),
    ]


def _refused_finding(refused: Mapping[str, str]) -> Finding:
    sentence = (
        "No refused file waits for its correction."
        if not refused
        else f"{len(refused)} files refused: "
        + "; ".join(f"{file}: {reason}" for file, reason in refused.items())
        + ". Ask the source to deliver them again."
    )
    return Finding("refused_files", not refused, sentence, {"refused": len(refused)})


def _record_partitions(
    context: dg.AssetExecutionContext,
    contract: Contract,
    span: Span,
    versions: Mapping[dt.date, str],
    holdings: Holdings,
) -> None:
    for date in span.dates:
        context.add_asset_metadata(
            {
                METADATA_KEY: versions.get(date, NOTHING),
                "dagster/partition_row_count": holdings.rows[date],
            },
            asset_key=asset_key(contract.table),
            partition_key=date.isoformat(),
        )
