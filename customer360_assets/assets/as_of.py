"""Every as-of table as an asset: one row per client, from what was delivered by its date."""

import datetime as dt
from collections.abc import Iterator, Mapping

import dagster as dg

from customer360_assets.assets.refused_dates import refuse_dates
from customer360_assets.contracts.contract import Contract
from customer360_assets.planning.materializations import ROWS, Made, made
from customer360_assets.planning.versions import (
    METADATA_KEY,
    as_of_version,
    code_of,
    recorded_versions,
)
from customer360_assets.publishing.checks.results import Finding
from customer360_assets.publishing.checks.specs import check_specs
from customer360_assets.publishing.completeness import ACCEPTED, completeness
from customer360_assets.publishing.lake_tables import candidate_dir
from customer360_assets.publishing.platform import RESOURCES, Platform
from customer360_assets.publishing.publish import (
    Candidate,
    Inputs,
    anomaly,
    audit_findings,
    measured,
    publish,
    reconcile,
    references,
    result,
    rows_now,
)
from customer360_assets.publishing.reading import as_of_inputs
from customer360_assets.publishing.retries import retried
from customer360_assets.tables.lineage import lineage_metadata
from customer360_assets.tables.partitions import MONTHLY, Span, span_of
from customer360_assets.tables.specs import asset_key, table_spec
from customer360_assets.tables.transformations import Transformation, transformation
from resources.dagster_internals import BACKFILL_ID_TAG

Events = Iterator[dg.AssetCheckResult | dg.AssetMaterialization | dg.MaterializeResult[None]]


def as_of_asset(
    contract: Contract, partitions: dg.DailyPartitionsDefinition
) -> dg.AssetsDefinition:
    """Return the asset of one as-of table, a function of its inputs as of the business date."""
    made_by = transformation(contract.table)

    @dg.multi_asset(
        name=contract.table.replace(".", "__"),
        specs=[
            table_spec(
                contract,
                reads=made_by.reads,
                kinds={made_by.kind, "iceberg"},
                code_version=code_of(contract, made_by),
                partitions_def=partitions,
            )
        ],
        check_specs=check_specs(contract),
        required_resource_keys=RESOURCES,
        backfill_policy=MONTHLY,
        pool=made_by.kind,
    )
    @retried
    def as_of(context: dg.AssetExecutionContext) -> Events:
        platform, span = Platform.of(context), span_of(context)
        # Before the data: what is published meanwhile then makes these dates outstanding again.
        known = {table: recorded_versions(context.instance, table) for table in made_by.reads}
        done = _done_before(context, contract)
        findings: list[Finding] = []
        refused: dict[dt.date, list[Finding]] = {}
        size = 0
        for date in span.dates:
            version = as_of_version(contract, made_by, date, known)
            metadata: dict[str, str | float] = {METADATA_KEY: version}
            # The last date is always made: the checks are recorded for it.
            before = done.get(date)
            if before and before.version == version and date != span.last:
                context.log.info(
                    f"{contract.table} {date}: published from the same deliveries; kept."
                )
                # The run records metadata of all its dates: what it omits is not on record.
                _record_metadata(
                    context, contract, date, metadata | _recorded_metadata(contract, before)
                )
                continue
            candidate, inputs = _compute(context, platform, contract, made_by, date)
            seen, audited = audit_findings(platform, candidate)
            gate = completeness(context, platform, candidate, seen)
            findings = [
                *audited,
                *gate.findings,
                *references(platform, candidate),
                *reconcile(platform, candidate, inputs),
                anomaly(context, candidate, seen),
            ]
            if any(finding.stops(contract) for finding in findings):
                # Each date is made of its own inputs: one that is refused stops no other.
                refused[date] = findings
                continue
            publish(platform, candidate, context.run.run_id)
            size += platform.lake.bytes(candidate.files)
            metadata |= {ROWS: seen.rows, **measured(seen), **gate.metadata(date)}
            _record_metadata(context, contract, date, metadata)
            if date != span.last or refused:
                # Recorded at once: a backfill that is killed and resumed continues after this date.
                yield dg.AssetMaterialization(
                    asset_key(contract.table), partition=date.isoformat(), metadata=metadata
                )
        yield from refuse_dates(contract, refused)
        # Of all partitions the newest event alone: it is the table's, and half of an event's bytes.
        context.add_asset_metadata(
            lineage_metadata(contract.table),
            asset_key=asset_key(contract.table),
            partition_key=span.last.isoformat(),
        )
        yield result(contract, findings, {**rows_now(platform, contract), "bytes": size})

    return as_of


def _done_before(context: dg.AssetExecutionContext, contract: Contract) -> Mapping[dt.date, Made]:
    """Return the dates that a retry or a backfill need not make again; none for any other run.

    What was published from the same deliveries by the same code would be the same rows.
    """
    if context.run.parent_run_id is None and BACKFILL_ID_TAG not in context.run.tags:
        return {}
    return made(context.instance, contract.table)


def _recorded_metadata(contract: Contract, before: Made) -> dict[str, str | float]:
    """Return the row count, key measures and accepted loss recorded when a date was made."""
    names = (*contract.measures, ACCEPTED)
    metadata: dict[str, str | float] = {
        name: before.numbers[name] for name in names if name in before.numbers
    }
    return metadata if before.rows is None else {**metadata, ROWS: int(before.rows)}


def _record_metadata(
    context: dg.AssetExecutionContext,
    contract: Contract,
    date: dt.date,
    metadata: Mapping[str, str | float],
) -> None:
    context.add_asset_metadata(
        metadata, asset_key=asset_key(contract.table), partition_key=date.isoformat()
    )


def _compute(
    context: dg.AssetExecutionContext,
    platform: Platform,
    contract: Contract,
    made_by: Transformation,
    date: dt.date,
) -> tuple[Candidate, Inputs]:
    inputs = as_of_inputs(platform, made_by.reads, date, contract.window_months)
    output = candidate_dir(platform, contract, f"{context.run.run_id}.{date}")
    if made_by.kind == "spark":
        files = platform.spark.run(made_by.path, inputs, output, date).files
    else:
        files = platform.sql.run(
            made_by.text,
            params=[date],
            inputs=inputs,
            output=output,
            columns=[(c.name, c.type) for c in contract.columns],
            order_by=contract.key,
        ).files
    return Candidate(contract, files, Span(date, date)), inputs
