"""One delivery into Parquet files of exact types, quarantined records, and a marker."""

from __future__ import annotations

import datetime as dt
import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from customer360_assets.contracts.contract import Contract
from customer360_assets.feeds.spec import FeedSpec
from customer360_assets.raw.conversion import TOKEN_PADS, judged_sql
from customer360_assets.raw.parsed import (
    Parsed,
    folder_of,
    quarantine_of,
    read_marker,
    write_marker,
)
from customer360_assets.raw.refusal import RefusedError
from customer360_assets.raw.source import Source, extra_notes, parquet_source, text_source
from customer360_assets.raw.text import read_text
from customer360_assets.raw.write import write_records
from resources.archive import Archive
from resources.card_token import CardKey

if TYPE_CHECKING:
    import duckdb

SMALL_BYTES = 32 << 20


@dataclass(frozen=True)
class Delivery:
    """A delivery as the parser needs it; business_date is None where a column states it."""

    delivery_id: str
    seq: int
    feed: str
    file: str
    bytes: int
    sha256: str
    business_date: dt.date | None
    refused: str | None = None


class ParseError(RuntimeError):
    """The engine failed; the message names the delivery and the kind of failure, no values."""


def fingerprint_of(spec: FeedSpec, contract: Contract, key: CardKey | None) -> str:
    """Give the fingerprint that a feed's deliveries are parsed under."""
    if spec.tokenizes and key is None:
        raise ValueError(f"feed {spec.feed} makes card tokens and was given no key")
    return spec.fingerprint(contract, key.key_id if key else "")


def parse(
    delivery: Delivery,
    spec: FeedSpec,
    contract: Contract,
    archive: Archive,
    lake_dir: Path,
    key: CardKey | None = None,
    threads: int | None = None,
) -> Parsed:
    """Parse a delivery once per fingerprint and give its marker; again, it only reads that.

    Safe to kill at any moment and to run from two processes: the folder of the result appears
    whole, by one rename. Raises ConservationError when a record would be lost.
    """
    fingerprint = fingerprint_of(spec, contract, key)
    final = folder_of(lake_dir, delivery.feed, delivery.delivery_id, fingerprint)
    if (done := read_marker(final)) is not None:
        return done
    final.parent.mkdir(parents=True, exist_ok=True)
    with _alone(final.parent):
        if (done := read_marker(final)) is not None:
            return done
        out, scratch = (final.with_name(f".{final.name}.{s}") for s in ("partial", "scratch"))
        for folder in (out, scratch):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        quarantine = quarantine_of(lake_dir, delivery.feed, delivery.delivery_id, fingerprint)
        # Lines are read in order by one thread: for a small file the others only cost their start.
        threads = 1 if delivery.bytes < SMALL_BYTES else threads
        with _engine(scratch, key if spec.tokenizes else None, threads) as connection:
            parsed = _parsed(
                delivery, fingerprint, spec, contract, archive, out, scratch, quarantine, connection
            )
        write_marker(out, parsed)
        # Last of all the rename: what is left before it, the next attempt clears.
        shutil.rmtree(scratch)
        out.rename(final)
        if parsed.quarantined:
            archive.push(quarantine.parent)
        archive.push(final)
    return parsed


def _parsed(
    delivery: Delivery,
    fingerprint: str,
    spec: FeedSpec,
    contract: Contract,
    archive: Archive,
    out: Path,
    scratch: Path,
    quarantine: Path,
    connection: duckdb.DuckDBPyConnection,
) -> Parsed:
    """Write what the delivery holds, or nothing when it is refused whole."""
    import duckdb

    try:
        source = _source(delivery, spec, contract, archive, scratch, connection)
        if source.records == 0 and spec.delivery == "snapshot":
            raise RefusedError("empty: a snapshot without records", records=0)
        judged = judged_sql(spec, contract, source.sql, source.types, delivery.business_date)
        written = write_records(delivery, contract, source, judged, out, scratch, connection)
    except duckdb.Error as error:
        # The engine's own message may hold values of the record that it failed on.
        kind = type(error).__name__
        raise ParseError(f"{delivery.delivery_id}: the engine failed: {kind}") from None
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
    extras = connection.execute(source.extras).fetchall() if source.extras else []
    return Parsed(
        delivery_id=delivery.delivery_id,
        fingerprint=fingerprint,
        status="loaded",
        notes=source.notes + extra_notes(str(row[0]) for row in extras),
        business_date=delivery.business_date or written.business_date,
        records=source.records,
        loaded=sum(written.rows.values()),
        quarantined=dict(written.broken),
        rows=dict(written.rows),
        files=dict(written.files),
    )


def _source(
    delivery: Delivery,
    spec: FeedSpec,
    contract: Contract,
    archive: Archive,
    scratch: Path,
    connection: duckdb.DuckDBPyConnection,
) -> Source:
    content = archive.path(delivery.sha256)
    if spec.format == "parquet":
        return parquet_source(content, delivery.sha256, spec, contract, connection)
    text = read_text(content, delivery.sha256, spec, scratch / "text")
    return text_source(text, spec, contract, connection)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the feed's parse lock; the system frees it when the process dies."""
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _engine(
    scratch: Path, key: CardKey | None, threads: int | None
) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    connection = duckdb.connect(config={"temp_directory": str(scratch / "spill")})
    try:
        if threads is not None:
            connection.execute(f"SET threads = {int(threads)}")
        # Pushed down, the test of the rule would compute every value a second time.
        connection.execute("SET disabled_optimizers = 'filter_pushdown'")
        for pad, value in zip(TOKEN_PADS, key.pads if key else (), strict=False):
            connection.execute(f"SET VARIABLE {pad} = ?", [value])
        yield connection
    finally:
        connection.close()
