"""What a user expects of one small delivery."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.cases.site import Site

SOUND = {
    "account": 4,
    "card": 4,
    "customer": 4,
    "disposition": 4,
    "transaction": 0,
    "web_session": 4,
    "web_hit": 8,
    "web_visitor_map": 4,
}
"""Rows of each stage table for the bank of four clients that every case starts from."""

ACCOUNT = "account/account0020240523-060000.csv"
CARD = "card/card0020240523-060000.csv"
CRM = "crm/crm0020240523-060000.json"
GA = "ga/ga_sessions_20240523.json"
MOVEMENTS = "transactions/trans-20240523.csv"
VISITORS = "visitors/v.csv"

# Names of rules.
KEY_SHAPE = "shape"
KEY_CONFLICT = "record:key_conflict"
REPEATED_FIELD = "record:repeated_key"
HITS_SHAPE = "hits:shape"

Values = Mapping[str, list[tuple[Any, ...]]]
"""Rows of queries over all dates of the tables; dates, times and decimals as text."""


@dataclass(frozen=True)
class Quarantined:
    """A record, or one value of it, that is in quarantine."""

    file: str
    line_no: int
    rule: str
    set_aside: str = "record"


@dataclass(frozen=True)
class Case:
    """A folder of deliveries, what is done with it, and what must come of it.

    way: what sets this case apart from another of its folder. feeds: lines added to the
    specification of a feed. setup: what is done before the run. on: the business date of the run.
    at: the folder of the home and the landing zone; home: the home within it. code: how the run
    ends. stops: it ends with 1 before it makes a home. clients: of the profile.
    rows: stage tables that have other rows than SOUND, over all dates. left: records that are in no
    stage table and in no quarantine: equal ones, or those of a date that is not published.
    records: of files whose records are not their lines. refused: files with a part of the reason.
    says: parts of what the run prints. waits: the later work that makes more of it. pending: the
    work without which it may fail. slow: not in the default suite.
    """

    folder: str
    way: str = "as it lies"
    feeds: Mapping[str, str] = field(default_factory=dict)
    setup: Callable[[Site], None] | None = None
    on: str = "2024-05-23"
    at: str = ""
    home: str = "home"
    stops: bool = False
    code: int = 0
    clients: int = 4
    rows: Mapping[str, int] = field(default_factory=dict)
    values: Values = field(default_factory=dict)
    quarantined: frozenset[Quarantined] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    superseded: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    records: Mapping[str, int] = field(default_factory=dict)
    left: Mapping[str, int] = field(default_factory=dict)
    says: tuple[str, ...] = ()
    waits: str | None = None
    pending: str | None = None
    slow: bool = True

    @property
    def id(self) -> str:
        """Name of the test."""
        return self.folder if self.way == "as it lies" else f"{self.folder}, {self.way}"

    @property
    def stage_rows(self) -> dict[str, int]:
        """Rows of every stage table."""
        return {**SOUND, **self.rows}
