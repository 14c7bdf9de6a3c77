"""Joda-Time's difference of two dates, which Trino's date_diff is made of."""

from __future__ import annotations

import calendar
import datetime as dt

FEBRUARY_29 = 59  # days since the first of January


def _months(early: dt.date, late: dt.date) -> int:
    whole = (late.year - early.year) * 12 + late.month - early.month
    last = calendar.monthrange(late.year, late.month)[1]
    day = min(early.day, late.day) if late.day == last else early.day
    return whole - (late.day < day)


def _years(early: dt.date, late: dt.date) -> int:
    at_early, at_late = (d.timetuple().tm_yday - 1 for d in (early, late))
    if at_early >= FEBRUARY_29:
        if calendar.isleap(early.year):
            at_early -= not calendar.isleap(late.year)
        elif at_late >= FEBRUARY_29 and calendar.isleap(late.year):
            at_late -= 1
    return late.year - early.year - (at_late < at_early)


def difference(unit: str, start: dt.date, end: dt.date) -> int:
    """Return the complete units from start to end, negative when end is the earlier."""
    if end < start:
        return -difference(unit, end, start)
    if unit in {"month", "quarter"}:
        return _months(start, end) // (3 if unit == "quarter" else 1)
    if unit == "year":
        return _years(start, end)
    return (end - start).days // (7 if unit == "week" else 1)
