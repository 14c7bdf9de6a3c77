"""Which file covers which business dates: each date lies in one file, and is in it whole.

Core banking books late, so the newest dates are read again and again. If each extraction were one
file of all the dates it looked at, a date would be delivered once more every day: raw would hold it
eight times, a row that the bank took back would stay for ever, and every published profile of the
week would be built again though nothing had changed. With one file per date, the rule for files
that come again under their name does what is right: a date that changed replaces itself, rows taken
back disappear, a date that did not change is not delivered, and somebody's extra file of late rows
adds to a date without replacing it. What is too old to change lies in one file of history.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from customer360_assets.extraction.extracted import ExtractionError

_DAY = dt.timedelta(days=1)
_NAME = re.compile(r"transactions_(until_)?(\d{8})\.parquet")


@dataclass(frozen=True)
class Part:
    """A file and the dates that it covers: one, or with `history` all up to and including it."""

    last: dt.date
    history: bool = False

    @property
    def name(self) -> str:
        """The file's name."""
        return f"transactions_{'until_' if self.history else ''}{self.last:%Y%m%d}.parquet"

    @property
    def covers(self) -> str:
        """The dates in words, as the file states them."""
        return f"{'until ' if self.history else ''}{self.last}"


def parts_of(delivered: Iterable[str], business_date: dt.date, look_back: int) -> list[Part]:
    """Return the files that an extraction writes, oldest first, the business date's last.

    delivered: names of files that stand in the landing zone. The first extraction takes everything
    up to the business date; later ones `look_back` days before it, and before the first day after
    the extraction before it, so that no late row falls into a gap between two extractions. A look
    back that reaches into the history reads the history again.
    Raises ExtractionError for a business date inside the history.
    """
    back = dt.timedelta(days=look_back)
    history, days = _covered(delivered)
    if history is not None and business_date <= history:
        raise ExtractionError(
            f"{business_date} lies in the history that {Part(history, True).name} covers; "
            f"extract a date after {history}."
        )
    before = max((d for d in days if d < business_date), default=None)
    if before is None and history is not None:
        # Only the history of an earlier extraction was delivered before it was killed.
        before = history + back
    if before is None:
        start = business_date - back
        return [Part(start - _DAY, True), *_each(start, business_date)]
    start = min(business_date, before + _DAY) - back
    if history is None or history < start:
        return _each(start, business_date)
    return [Part(history, True), *_each(history + _DAY, business_date)]


def _each(first: dt.date, last: dt.date) -> list[Part]:
    return [Part(first + i * _DAY) for i in range((last - first).days + 1)]


def _covered(delivered: Iterable[str]) -> tuple[dt.date | None, set[dt.date]]:
    """Return the last date of the history, or None, and the dates that have a file."""
    history: set[dt.date] = set()
    days: set[dt.date] = set()
    for name in delivered:
        if found := _NAME.fullmatch(name):
            try:
                date = dt.datetime.strptime(found[2], "%Y%m%d").date()  # noqa: DTZ007  (a date)
            except ValueError:
                continue
            (history if found[1] else days).add(date)
    return max(history, default=None), days
