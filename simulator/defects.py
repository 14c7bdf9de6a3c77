"""What each planted defect is, where it can stand, and what should become of it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from simulator.settings import DefectShares

T = TypeVar("T")

ROW_KINDS = {
    "account": (
        "unknown_code", "quoted_number", "date_shape", "bad_date", "column_more", "column_fewer",
        "blank_line", "repeated_id",
    ),
    "card": (
        "unknown_code", "date_shape", "bad_date", "column_more", "column_fewer", "blank_line",
        "repeated_id", "orphan",
    ),
    "disposition": (
        "unknown_code", "quoted_number", "column_more", "column_fewer", "blank_line",
        "repeated_id", "orphan",
    ),
    "web_visitor_map": ("column_more", "column_fewer", "blank_line", "repeated_id", "orphan"),
    "ga_session": ("blank_line", "broken_json", "new_field"),
}  # fmt: skip

CODE_COLUMNS = {"account": (3, "frequency"), "card": (3, "type"), "disposition": (4, "type")}
"""Position in the line, and name, of the column whose codes are known."""

FILE_KINDS = {
    "account": (
        "html", "truncated", "wrong_encoding", "byte_order_mark", "crlf", "redelivered",
        "corrected",
    ),
    "disposition": (
        "html", "truncated", "wrong_encoding", "byte_order_mark", "crlf", "redelivered",
        "corrected",
    ),
    # No card is lost for good: what a page stands for is delivered again the day after.
    "card": ("html", "byte_order_mark", "crlf", "redelivered", "corrected", "late_delivery"),
    "ga_session": (
        "html", "truncated", "wrong_encoding", "byte_order_mark", "crlf", "late_delivery",
        "missing",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Fate:
    """What should become of a defect: the outcome, who catches it, and by which rule."""

    expected: str
    caught_by: str | None = None
    rule: str | None = None


OUTCOMES = {
    "unknown_code": "quarantined", "column_more": "quarantined", "column_fewer": "quarantined",
    "broken_json": "quarantined", "bad_date": "quarantined",
    "quoted_number": "published", "date_shape": "published", "orphan": "published",
    "new_field": "published", "repeated_id": "repeat", "blank_line": "ignored",
    "html": "refused", "truncated": "refused", "wrong_encoding": "refused",
    "redelivered": "duplicate", "corrected": "superseded", "missing": "absent",
    "byte_order_mark": "loaded", "crlf": "loaded", "late_delivery": "loaded",
}  # fmt: skip
"""What should become of each kind.

Of rows: published, repeat (an id that came before), ignored (no record at all), quarantined.
Of files: loaded, superseded, duplicate, refused, absent.
"""


RAW_RULES = {
    "column_more": "record:column_count", "column_fewer": "record:column_count",
    "broken_json": "record:json",
}  # fmt: skip
DATE_COLUMNS = {"account": "creation_date", "card": "issued_datetime"}


def fate(feed: str, kind: str) -> Fate:
    """The fate of a kind of defect in a feed; rules are named for records in quarantine."""
    outcome = OUTCOMES[kind]
    if kind == "unknown_code":
        return Fate(outcome, f"stage/{feed}", f"{CODE_COLUMNS[feed][1]}:isin")
    if kind == "bad_date":
        return Fate(outcome, f"raw/{feed}", f"{DATE_COLUMNS[feed]}:type")
    if kind in RAW_RULES:
        return Fate(outcome, f"raw/{feed}", RAW_RULES[kind])
    if outcome == "repeat":
        return Fate(outcome, f"stage/{feed}")
    return Fate(outcome, f"raw/{feed}" if outcome in ("refused", "duplicate") else None)


def row_bounds(feed: str, shares: DefectShares) -> tuple[list[str], list[float]]:
    """The row defects of a feed, and the upper bound of the draws that stand for each."""
    kinds = [kind for kind in ROW_KINDS[feed] if getattr(shares, kind) > 0]
    bounds, total = [], 0.0
    for kind in kinds:
        total += getattr(shares, kind)
        bounds.append(total)
    if total > 1:
        raise ValueError(f"the shares of row defects of {feed} add up to more than 1")
    return kinds, bounds or [0.0]


def draw(seed: int, feed: str, kind: str, candidates: Sequence[T], share: float) -> list[T]:
    """A share of the candidates, at least one if the share is not 0, the same for the same seed."""
    if not share or not candidates:
        return []

    def rank(index: int) -> bytes:
        return hashlib.sha256(f"{seed}:{feed}:{kind}:{index}".encode()).digest()

    wanted = max(1, round(share * len(candidates)))
    return [candidates[i] for i in sorted(sorted(range(len(candidates)), key=rank)[:wanted])]
