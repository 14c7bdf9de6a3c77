"""The end of parsing: what a delivery held, and finished folders into place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from customer360_assets.deliveries.parsing.delivery import Delivery
from customer360_assets.deliveries.parsing.job import ParsingJob
from customer360_assets.deliveries.parsing.parsed import Parsed, put_in_place
from customer360_assets.deliveries.parsing.sketch import KeySketch
from customer360_assets.deliveries.parsing.write import Written


def loaded(
    delivery: Delivery,
    job: ParsingJob,
    records: int,
    written: Written,
    notes: tuple[str, ...],
    keys: Mapping[dt.date, KeySketch],
) -> Parsed:
    """Return what became of a delivery that was not refused."""
    return Parsed(
        delivery_id=delivery.delivery_id,
        sha256=delivery.sha256,
        fingerprint=job.fingerprint,
        status="loaded",
        notes=notes,
        business_date=delivery.business_date or written.business_date,
        records=records,
        loaded=sum(written.rows.values()),
        quarantined=dict(written.broken),
        set_aside=dict(written.set_aside),
        rows=dict(written.rows),
        files=dict(written.files),
        keys=dict(keys),
    )


def record(job: ParsingJob, made: Sequence[tuple[Path, Parsed]]) -> None:
    """Put finished folders of deliveries in place, then note what became of each."""
    for folder, parsed in made:
        final = job.folder / parsed.folder_name
        put_in_place(folder, final)
        if parsed.in_quarantine:
            job.archive.share(job.quarantine_of(parsed.folder_name).parent)
        job.archive.share(final)
    job.note([parsed for _, parsed in made])
