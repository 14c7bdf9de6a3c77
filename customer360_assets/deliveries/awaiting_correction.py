"""Refused files that nothing has taken the place of: what a source still has to deliver again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from customer360_assets.feeds.spec import FeedSpec

Row = Mapping[str, Any]


def awaiting_correction(rows: Sequence[Row], feeds: Mapping[str, FeedSpec]) -> list[Row]:
    """Return the refused rows of a manifest that no later, accepted delivery replaces.

    Such a one has the same file name or, where a feed replaces by date, the same business date. It
    may have been superseded since, or repeat what is in force: it was accepted anyway.
    """
    accepted: dict[tuple[object, ...], int] = {}
    for row in rows:
        if row["status"] != "refused":
            for place in _places(row, feeds):
                accepted[place] = max(accepted.get(place, 0), row["delivery_seq"])
    return [
        row
        for row in rows
        if row["status"] == "refused"
        and all(accepted.get(place, 0) < row["delivery_seq"] for place in _places(row, feeds))
    ]


def _places(row: Row, feeds: Mapping[str, FeedSpec]) -> list[tuple[object, ...]]:
    feed, date = row["feed"], row["business_date"]
    places: list[tuple[object, ...]] = [(feed, "file", row["file"])]
    if date is not None and feed in feeds and feeds[feed].replaces == "same_date":
        places.append((feed, "date", date))
    return places
