"""Deliveries into Parquet files of exact types, quarantined records, and a marker."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from customer360_assets.contracts.contract import Contract
from customer360_assets.deliveries.formats.errors import ParseError, RefusedError
from customer360_assets.deliveries.formats.source import (
    Source,
    extra_note,
    parquet_source,
    text_source,
)
from customer360_assets.deliveries.formats.text import DamagedError, read_text
from customer360_assets.deliveries.parsing.conversion import judged_sql, pads_of
from customer360_assets.deliveries.parsing.delivery import Delivery, fingerprint_of
from customer360_assets.deliveries.parsing.engines import Engines
from customer360_assets.deliveries.parsing.key_record import record_key
from customer360_assets.deliveries.parsing.left_overs import DRAFTS, SPILL, alone
from customer360_assets.deliveries.parsing.parsed import (
    Parsed,
    folder_of,
    parsed_folder,
    put_in_place,
    quarantine_of,
    read_marker,
    write_marker,
)
from customer360_assets.deliveries.parsing.sketch import sketches
from customer360_assets.deliveries.parsing.write import Query, write_records
from customer360_assets.feeds.spec import FeedSpec
from resources.deployment.card_token import CardKey
from resources.protocols.archive import Archive

if TYPE_CHECKING:
    import duckdb

SMALL_BYTES = 32 << 20


def parse(
    deliveries: Sequence[Delivery],
    spec: FeedSpec,
    contract: Contract,
    archive: Archive,
    lake_dir: Path,
    key: CardKey | None = None,
    threads: int | None = None,
) -> list[Parsed]:
    """Parse deliveries of one feed, once per fingerprint, and return their markers.

    Safe to kill at any moment and to run from two processes: the folder of a result appears whole,
    by one rename. Raises ParseError for a delivery that cannot be parsed, ConservationError among
    them when a record would be lost.
    """
    if not deliveries:
        return []
    key = key if spec.tokenizes else None
    fingerprint = fingerprint_of(spec, contract, key)
    folder = parsed_folder(lake_dir, spec.feed)
    if key is not None:
        record_key(archive, key)
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder), Engines(folder / SPILL, threads, len(deliveries)) as engines:

        def one(delivery: Delivery) -> Parsed:
            return _one(delivery, fingerprint, spec, contract, archive, lake_dir, key, engines)

        return engines.each(one, deliveries)


def _one(
    delivery: Delivery,
    fingerprint: str,
    spec: FeedSpec,
    contract: Contract,
    archive: Archive,
    lake_dir: Path,
    key: CardKey | None,
    engines: Engines,
) -> Parsed:
    final = folder_of(lake_dir, delivery.feed, delivery.delivery_id, fingerprint)
    if (done := read_marker(final)) is not None:
        return done
    out, scratch = (final.with_name(f".{final.name}.{s}") for s in DRAFTS)
    for folder in (out, scratch):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    quarantine = quarantine_of(lake_dir, delivery.feed, delivery.delivery_id, fingerprint)
    content = _content(delivery, archive)
    with _naming_delivery(delivery), engines.one(small=delivery.bytes < SMALL_BYTES) as connection:
        parsed = _parsed(
            delivery,
            fingerprint,
            spec,
            contract,
            pads_of(key),
            content,
            out,
            scratch,
            quarantine,
            connection,
        )
    write_marker(out, parsed)
    # Last of all the rename: what is left before it, the next attempt clears.
    shutil.rmtree(scratch)
    put_in_place(out, final)
    if parsed.in_quarantine:
        archive.push(quarantine.parent)
    archive.push(final)
    return parsed


def _parsed(
    delivery: Delivery,
    fingerprint: str,
    spec: FeedSpec,
    contract: Contract,
    pads: dict[str, bytes],
    content: Path,
    out: Path,
    scratch: Path,
    quarantine: Path,
    connection: duckdb.DuckDBPyConnection,
) -> Parsed:
    """Write what the delivery holds, or nothing when it is refused whole."""
    try:
        _refuse_early(delivery, spec)
        source = _source(delivery, spec, contract, content, scratch, connection)
        if source.records == 0 and spec.delivery == "snapshot":
            raise RefusedError("empty: a snapshot without records", records=0)

        def judged(delivered: str, doubted: Collection[str]) -> Query:
            date = delivery.business_date
            sql = judged_sql(spec, contract, delivered, source.types, date, doubted)
            return Query(sql, pads)

        written = write_records(delivery, contract, source, judged, out, scratch, connection)
    except RefusedError as refusal:
        shutil.rmtree(out)
        out.mkdir()
        return Parsed(
            delivery_id=delivery.delivery_id,
            fingerprint=fingerprint,
            status="refused",
            reason=str(refusal),
            business_date=delivery.business_date,
            records=refusal.records,
        )
    if written.quarantine is not None:
        quarantine.parent.mkdir(parents=True, exist_ok=True)
        written.quarantine.replace(quarantine)
    names, count = (connection.execute(source.extras).fetchone() if source.extras else None) or (
        (),
        0,
    )
    return Parsed(
        delivery_id=delivery.delivery_id,
        fingerprint=fingerprint,
        status="loaded",
        notes=source.notes + extra_note(names or (), count),
        business_date=delivery.business_date or written.business_date,
        records=source.records,
        loaded=sum(written.rows.values()),
        quarantined=dict(written.broken),
        set_aside=dict(written.set_aside),
        rows=dict(written.rows),
        files=dict(written.files),
        keys=sketches(
            contract, [out / f for files in written.files.values() for f in files], connection
        ),
    )


def _source(
    delivery: Delivery,
    spec: FeedSpec,
    contract: Contract,
    content: Path,
    scratch: Path,
    connection: duckdb.DuckDBPyConnection,
) -> Source:
    if spec.format == "parquet":
        return parquet_source(content, delivery.sha256, spec, contract, connection)
    text = read_text(content, delivery.sha256, spec, scratch / "text")
    return text_source(text, spec, contract, connection)


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
