"""Deliveries into Parquet files of exact types, quarantined records, and a result each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path

from customer360_assets.deliveries.formats.errors import ParseError, RefusedError
from customer360_assets.deliveries.formats.source import (
    Source,
    extra_note,
    parquet_source,
    text_source,
)
from customer360_assets.deliveries.formats.text import DamagedError, read_text
from customer360_assets.deliveries.parsing.conversion import pads_of
from customer360_assets.deliveries.parsing.delivery import Delivery
from customer360_assets.deliveries.parsing.draft import Draft, Judgement
from customer360_assets.deliveries.parsing.engines import Engines
from customer360_assets.deliveries.parsing.job import ParsingJob
from customer360_assets.deliveries.parsing.key_record import record_key
from customer360_assets.deliveries.parsing.left_overs import DRAFTS, SPILL, alone
from customer360_assets.deliveries.parsing.parsed import Parsed, put_in_place
from customer360_assets.deliveries.parsing.sketch import sketches
from customer360_assets.deliveries.parsing.write import write_records
from customer360_assets.feeds.spec import FeedSpec
from resources.protocols.archive import Archive

SMALL_BYTES = 32 << 20


def parse(deliveries: Sequence[Delivery], job: ParsingJob) -> list[Parsed]:
    """Parse deliveries of one feed, once per fingerprint, and return the new results.

    Safe to kill at any moment and to run from two processes: a result is noted when its files are
    in place. Raises ParseError for a delivery that cannot be parsed, ConservationError among
    them when a record would be lost.
    """
    if not deliveries:
        return []
    if job.spec.tokenizes and job.key is not None:
        record_key(job.ledger, job.key)
    job.folder.mkdir(parents=True, exist_ok=True)
    with alone(job.folder), Engines(job.folder / SPILL, job.threads, len(deliveries)) as engines:
        # Another process may have parsed some while this one waited.
        todo = job.not_parsed(deliveries)
        if engines.workers == 1:
            return [_one(delivery, job, engines) for delivery in todo]
        with ThreadPoolExecutor(engines.workers) as pool:
            waiting = [
                pool.submit(copy_context().run, _one, delivery, job, engines) for delivery in todo
            ]
            try:
                return [done.result() for done in waiting]
            finally:
                # After the first failure no other starts.
                pool.shutdown(wait=True, cancel_futures=True)


def _one(delivery: Delivery, job: ParsingJob, engines: Engines) -> Parsed:
    final = job.folder_of(delivery.delivery_id)
    quarantine = job.quarantine_of(delivery.delivery_id)
    out, scratch = (final.with_name(f".{final.name}.{s}") for s in DRAFTS)
    for folder in (out, scratch):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    content = _content(delivery, job.archive)
    with _naming_delivery(delivery), engines.one(small=delivery.bytes < SMALL_BYTES) as connection:
        draft = Draft(delivery, job.contract, out, scratch, connection)
        parsed = _parsed(draft, job, content, quarantine)
    # What is left before the note, the next attempt clears or replaces.
    shutil.rmtree(scratch)
    put_in_place(out, final)
    if parsed.in_quarantine:
        job.archive.share(quarantine.parent)
    job.archive.share(final)
    job.note([parsed])
    return parsed


def _parsed(draft: Draft, job: ParsingJob, content: Path, quarantine: Path) -> Parsed:
    """Write what the delivery holds, or nothing when it is refused whole."""
    delivery, spec = draft.delivery, job.spec
    try:
        _refuse_early(delivery, spec)
        source = _source(draft, spec, content)
        if source.records == 0 and spec.delivery == "snapshot":
            raise RefusedError("empty: a snapshot without records", records=0)
        pads = pads_of(job.key if spec.tokenizes else None)
        written = write_records(draft, source, Judgement(spec, draft, source.types, pads))
    except RefusedError as refusal:
        draft.clear()
        return Parsed(
            delivery_id=delivery.delivery_id,
            fingerprint=job.fingerprint,
            status="refused",
            reason=str(refusal),
            business_date=delivery.business_date,
            records=refusal.records,
        )
    if written.quarantine is not None:
        quarantine.parent.mkdir(parents=True, exist_ok=True)
        written.quarantine.replace(quarantine)
    extra = draft.connection.execute(source.extras).fetchone() if source.extras else None
    names, count = extra or ((), 0)
    files = [draft.out / f for files in written.files.values() for f in files]
    return Parsed(
        delivery_id=delivery.delivery_id,
        fingerprint=job.fingerprint,
        status="loaded",
        notes=source.notes + extra_note(names or (), count),
        business_date=delivery.business_date or written.business_date,
        records=source.records,
        loaded=sum(written.rows.values()),
        quarantined=dict(written.broken),
        set_aside=dict(written.set_aside),
        rows=dict(written.rows),
        files=dict(written.files),
        keys=sketches(draft.contract, files, draft.connection),
    )


def _source(draft: Draft, spec: FeedSpec, content: Path) -> Source:
    sha256, connection = draft.delivery.sha256, draft.connection
    if spec.format == "parquet":
        return parquet_source(content, sha256, spec, draft.contract, connection)
    text = read_text(content, sha256, spec, draft.scratch / "text")
    return text_source(text, spec, draft.contract, connection)


def _refuse_early(delivery: Delivery, spec: FeedSpec) -> None:
    date, earliest = delivery.business_date, spec.business_date.earliest
    if date is not None and earliest is not None and date < earliest:
        raise RefusedError(f"business date {date} is before the first one, {earliest}")


def _content(delivery: Delivery, archive: Archive) -> Path:
    # A service's own error stays what it is: some pass by themselves, and the step is tried again.
    try:
        return archive.path(delivery.sha256)
    except FileNotFoundError:
        failure = f"the archive holds no content {delivery.sha256}"
    raise ParseError(f"{delivery.delivery_id}: {failure}")


@contextmanager
def _naming_delivery(delivery: Delivery) -> Iterator[None]:
    """Turn whatever fails into a ParseError of the delivery: other messages may hold values."""
    import duckdb

    try:
        yield
        return
    except ParseError:
        raise
    except DamagedError as error:
        failure = str(error)
    except duckdb.Error as error:
        failure = f"the engine failed: {type(error).__name__}"
    except Exception as error:
        failure = f"cannot be parsed: {type(error).__name__}"
        if isinstance(error, OSError) and error.strerror:
            failure += f" ({error.strerror})"
    raise ParseError(f"{delivery.delivery_id}: {failure}") from None
