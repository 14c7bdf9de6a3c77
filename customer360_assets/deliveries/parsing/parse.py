"""Deliveries into Parquet files of exact types, quarantined records, and a result each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from customer360_assets.deliveries.formats.errors import ParseError, RefusedError
from customer360_assets.deliveries.formats.source import (
    Source,
    extra_note,
    parquet_source,
    text_source,
)
from customer360_assets.deliveries.formats.text import DamagedError, read_text
from customer360_assets.deliveries.parsing.content import content_of, refuse_early
from customer360_assets.deliveries.parsing.conversion import pads_of
from customer360_assets.deliveries.parsing.delivery import Delivery
from customer360_assets.deliveries.parsing.draft import Draft, Judgement
from customer360_assets.deliveries.parsing.engines import Engines, at_once
from customer360_assets.deliveries.parsing.job import ParsingJob
from customer360_assets.deliveries.parsing.key_record import record_key
from customer360_assets.deliveries.parsing.left_overs import DRAFTS, SPILL, alone
from customer360_assets.deliveries.parsing.parsed import Parsed
from customer360_assets.deliveries.parsing.record import loaded, record
from customer360_assets.deliveries.parsing.sketch import sketches
from customer360_assets.deliveries.parsing.together import parse_together
from customer360_assets.deliveries.parsing.write import write_records
from customer360_assets.feeds.spec import FeedSpec

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
        done = parse_together(todo, job, engines)
        rest = [delivery for delivery in todo if delivery.delivery_id not in done]
        one = partial(_one, job=job, engines=engines)
        done |= {parsed.delivery_id: parsed for parsed in at_once(one, rest, engines.workers)}
    return [done[delivery.delivery_id] for delivery in todo]


def _one(delivery: Delivery, job: ParsingJob, engines: Engines) -> Parsed:
    final = job.folder / job.name_of(delivery)
    quarantine = job.quarantine_of(final.name)
    out, scratch = (final.with_name(f".{final.name}.{s}") for s in DRAFTS)
    for folder in (out, scratch):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    content = content_of(delivery, job.archive)
    with _naming_delivery(delivery), engines.one(small=delivery.bytes < SMALL_BYTES) as connection:
        draft = Draft(delivery, job.contract, out, scratch, connection)
        parsed = _parsed(draft, job, content, quarantine)
    # What is left before the note, the next attempt clears or replaces.
    shutil.rmtree(scratch)
    record(job, [(out, parsed)])
    return parsed


def _parsed(draft: Draft, job: ParsingJob, content: Path, quarantine: Path) -> Parsed:
    """Write what the delivery holds, or nothing when it is refused whole."""
    delivery, spec = draft.delivery, job.spec
    try:
        refuse_early(delivery, spec)
        source = _source(draft, spec, content)
        if source.records == 0 and spec.delivery == "snapshot":
            raise RefusedError("empty: a snapshot without records", records=0)
        pads = pads_of(job.key if spec.tokenizes else None)
        written = write_records(draft, source, Judgement(spec, draft, source.types, pads))
    except RefusedError as refusal:
        draft.clear()
        return Parsed(
            delivery_id=delivery.delivery_id,
            sha256=delivery.sha256,
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
    _, names, count = extra or (0, (), 0)
    files = [str(draft.out / f) for files in written.files.values() for f in files]
    rows = f"read_parquet({files!r}, hive_partitioning = false)"
    keys = sketches(draft.contract, rows, draft.connection) if files else {}
    notes = source.notes + extra_note(names or (), count)
    own = keys.get(delivery.delivery_id, {})
    return loaded(delivery, job, source.records, written, notes, own)


def _source(draft: Draft, spec: FeedSpec, content: Path) -> Source:
    sha256, connection = draft.delivery.sha256, draft.connection
    if spec.format == "parquet":
        return parquet_source(content, sha256, spec, draft.contract, connection)
    text = read_text(content, sha256, spec, draft.scratch / "text")
    return text_source(text, spec, draft.contract, connection)


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
