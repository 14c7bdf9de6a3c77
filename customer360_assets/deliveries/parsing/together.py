"""Small deliveries parsed many by one query: planning it costs far more than such a file does.

This is only a fast way for what is clean. A delivery that has anything odd about it (a file that
cannot be read or is cut, a record that breaks a rule, a value that is set aside or in doubt) is
left to be parsed by itself: only the code for one delivery judges what is odd and says why. A
record is odd by its own line, whatever the other deliveries hold: an open quote reaches into other
lines only when its delivery is parsed by itself. Parquet files are left as well: each has columns
and types of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from customer360_assets.deliveries.formats.errors import ParseError, RefusedError
from customer360_assets.deliveries.formats.joined import part_of
from customer360_assets.deliveries.formats.text import read_text
from customer360_assets.deliveries.parsing.clean import Member, write_clean
from customer360_assets.deliveries.parsing.content import content_of, refuse_early
from customer360_assets.deliveries.parsing.delivery import Delivery
from customer360_assets.deliveries.parsing.engines import Engines, at_once
from customer360_assets.deliveries.parsing.job import ParsingJob
from customer360_assets.deliveries.parsing.left_overs import DRAFTS
from customer360_assets.deliveries.parsing.parsed import Parsed
from customer360_assets.deliveries.parsing.record import record
from resources.protocols.work import current_work

SMALL_BYTES = 256 << 10
"""Of a larger file, planning is a small part of the cost."""
_MOST_BYTES = 16 << 20
_MOST_RECORDS = 250_000
"""With those of one more file, fewer than the engine holds before it writes the first file."""
_FEW = 100
"""Of fewer deliveries, a query for each core costs more than it saves."""
_FEWEST = 2
"""One alone has nothing to share a query with."""


def parse_together(
    deliveries: Sequence[Delivery], job: ParsingJob, engines: Engines
) -> dict[str, Parsed]:
    """Return what became of the clean deliveries by their id; the others are to be parsed alone."""
    if job.together < _FEWEST or job.spec.format == "parquet":
        return {}
    done: dict[str, Parsed] = {}
    small = [delivery for delivery in deliveries if delivery.bytes < SMALL_BYTES]
    most = min(job.together, max(_FEW, -(-len(small) // engines.workers)))
    parse_group = partial(_parse_group, job=job, engines=engines)
    for found in at_once(parse_group, _groups(small, most), engines.workers):
        done |= found
    return done


def _groups(deliveries: Iterable[Delivery], most: int) -> Iterator[list[Delivery]]:
    group: list[Delivery] = []
    size = 0
    for delivery in deliveries:
        if group and (len(group) == most or size + delivery.bytes > _MOST_BYTES):
            yield group
            group, size = [], 0
        group.append(delivery)
        size += delivery.bytes
    yield group


def _parse_group(group: Sequence[Delivery], job: ParsingJob, engines: Engines) -> dict[str, Parsed]:
    """Put the clean deliveries of a group in place and return what became of them."""
    if len(group) < _FEWEST:
        return {}
    done: dict[str, Parsed] = {}
    failed: list[Sequence[Member]] = []
    with _draft(job, group[0]) as draft:
        for count, members in enumerate(_alike(group, job, draft)):
            if len(members) < _FEWEST:
                continue
            try:
                with engines.one(small=True) as connection:
                    made = write_clean(members, job, draft / str(count), connection)
            except RefusedError:
                continue
            except Exception as error:
                # Whatever it is: the query for each delivery, in the end, gives the reason.
                _report(job.spec.feed, len(members), error)
                failed.append(members)
                continue
            record(job, made)
            done |= {parsed.delivery_id: parsed for _, parsed in made}
    for members in failed:
        half, both = len(members) // 2, [member.delivery for member in members]
        done |= _parse_group(both[:half], job, engines) | _parse_group(both[half:], job, engines)
    return done


def _report(feed: str, count: int, error: Exception) -> None:
    """Log that many failed together, by the kind of error alone: its text may hold values."""
    if (work := current_work()) is not None:
        work.log.warning(
            f"{count:,} deliveries of {feed} are parsed in smaller groups: "
            f"one query for all of them failed ({type(error).__name__})"
        )


@contextmanager
def _draft(job: ParsingJob, first: Delivery) -> Iterator[Path]:
    folder = job.folder / f".{first.delivery_id}-together.{DRAFTS[0]}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _alike(
    deliveries: Sequence[Delivery], job: ParsingJob, draft: Path
) -> Iterator[Sequence[Member]]:
    """Yield deliveries that one query can read, without those that are not readable."""
    waiting: dict[object, list[Member]] = {}
    size = records = 0
    for delivery in deliveries:
        member = _member(delivery, job, draft)
        if member is None:
            continue
        waiting.setdefault((delivery.business_date is None, member.part.like), []).append(member)
        size += len(member.part.body)
        records += member.records
        if size > _MOST_BYTES or records > _MOST_RECORDS:
            yield from waiting.values()
            waiting, size, records = {}, 0, 0
    yield from waiting.values()


def _member(delivery: Delivery, job: ParsingJob, draft: Path) -> Member | None:
    try:
        refuse_early(delivery, job.spec)
        content = content_of(delivery, job.archive)
    except (ParseError, RefusedError):
        return None
    try:
        text = read_text(content, delivery.sha256, job.spec, draft / "text")
        if text.lines.size > SMALL_BYTES:
            return None
        return Member(delivery, part_of(text, job.spec.header), job.spec.header)
    except (RefusedError, OSError):
        return None
