"""Records that stage refuses, into quarantine with the text as it was delivered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from customer360_assets.contracts import contract as contract_of
from customer360_assets.contracts.arrow import arrow_schema
from customer360_assets.contracts.contract import Contract
from customer360_assets.deliveries.log import DeliveryLog
from customer360_assets.deliveries.parsing.original import original_records
from customer360_assets.fates.places import Places
from customer360_assets.fates.rows import Fates
from customer360_assets.publishing.platform import Platform
from customer360_assets.publishing.publish import publish_quarantine
from customer360_assets.tables.partitions import Span

if TYPE_CHECKING:
    import pyarrow as pa


def publish_refused(
    platform: Platform,
    log: DeliveryLog,
    contract: Contract,
    span: Span,
    fates: Fates,
    run_id: str,
) -> int:
    """Replace what a stage table holds in quarantine for a span; return the records.

    A delivered record appears once per rule, however many rows stage made of it.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    feed, caught_by = str(contract.feed), f"stage/{contract.name}"
    quarantine = contract_of(f"quarantine.{feed}")
    files = []
    reasons = [
        *((rule, "record", places) for rule, places in sorted(fates.refused.items())),
        *((rule, "value", places) for rule, places in sorted(fates.set_aside.items())),
    ]
    parts = list(_parts(log, feed, caught_by, reasons))
    if parts:
        output = platform.lake.candidate_dir(quarantine.table, f"{contract.name}.{run_id}")
        records = pa.concat_tables(parts).cast(arrow_schema(quarantine))
        for date in pc.unique(records["business_date"]).to_pylist():
            path = output / f"{date}.parquet"
            pq.write_table(records.filter(pc.field("business_date") == pa.scalar(date)), path)
            files.append(str(path))
    return publish_quarantine(platform, feed, caught_by, files, span, run_id)


def _parts(
    log: DeliveryLog, feed: str, caught_by: str, reasons: Sequence[tuple[str, str, Places]]
) -> Iterator[pa.Table]:
    """Yield the quarantined records of each rule and delivery."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not reasons:
        return
    known = log.delivered(feed)
    deliveries = {e.delivery.delivery_id: e.delivery for e in known.entries} if known else {}
    order = [c.name for c in contract_of(f"quarantine.{feed}").columns]
    for rule, set_aside, places in reasons:
        for delivery_id in pc.unique(places.table["delivery_id"]).to_pylist():
            delivery = deliveries[delivery_id]
            mine = places.table.filter(pc.field("delivery_id") == delivery_id)
            texts = original_records(
                delivery,
                log.feeds[feed],
                log.archive,
                mine["line_no"].to_pylist(),
                log.scratch_dir,
            )
            found = mine.join(texts, "line_no", join_type="left outer")
            for name, value in (
                ("feed", feed),
                ("file", delivery.file),
                ("rule", rule),
                ("set_aside", set_aside),
                ("caught_by", caught_by),
            ):
                found = found.append_column(name, pa.repeat(value, found.num_rows))
            yield found.select(order).sort_by(
                [("business_date", "ascending"), ("line_no", "ascending")]
            )
