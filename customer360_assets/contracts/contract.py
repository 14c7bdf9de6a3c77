"""The contract of a table: schema, checks, casts, lineage and text all come from it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import pandera.pandas as pa

from customer360_assets.contracts.rules import Rule, frame_checks, rules_of
from customer360_assets.contracts.types import sql_type

Reads = Literal["snapshot", "delta"]
Severity = Literal["error", "warn"]
BLOCKING = (
    "contract", "grain", "pandera", "conservation", "fan_out", "reconciliation", "completeness",
)  # fmt: skip
"""Checks that keep a candidate from being published, where its contract names no others."""

LONGEST_FIELD = 64 << 10
LONGEST_RECORD = 1 << 20
"""Bytes of a delivered text and of a whole record, where a raw contract states no others."""


class Table(pa.DataFrameModel):
    """Base of every table model; its docstring is the table's description."""

    class Config:
        """A table has exactly its declared columns."""

        strict = True


@dataclass(frozen=True)
class Column:
    """One column as engines need it; `type` is the SQL type in Athena's spelling.

    longest: bytes of a delivered text, more of which sends the record to quarantine.
    """

    name: str
    type: str
    nullable: bool
    description: str
    pii: str
    derived_from: tuple[str, ...] = ()
    longest: int = LONGEST_FIELD


@dataclass(frozen=True)
class Control:
    """A total that must not change on its way: `candidate` over the result, `source` over inputs.

    `candidate` is an aggregate expression over the table. `source` is a scalar query in the Athena
    dialect whose `?` (none or one) is the business date. `tolerance` is in the measure's own unit.
    """

    name: str
    candidate: str
    source: str
    tolerance: str = "0"
    severity: Severity = "error"


@dataclass(frozen=True)
class Reference:
    """Values of `column` that should exist in `table`.`target`; orphans are counted, never lost."""

    column: str
    table: str
    target: str


@dataclass(frozen=True)
class Contract:
    """A table: its Pandera model, grain (`key`), how it is read as-of a date, and who answers.

    reads: "snapshot" is read at its newest partition on or before a date, "delta" over all of
    them (or over `window_months`). conserves: scalar SQL with two `?` (first and last business
    date) that counts the delivered records; None counts the rows of the feed's raw table.
    scope: the column of a raw table that a feed's `key` fills: what its numbers count within.
    form_rule: a column of the stage query that names a rule which the record's form breaks, NULL
    for a good row; it is not published, and such a row goes to quarantine.
    totals: columns whose sums must survive stage (delivered = published + repeated + quarantined).
    blocking: the checks that stop publication; any other that fails is reported, and stops nothing.
    longest_record: bytes of a delivered record, more of which sends it to quarantine.
    quarantine_limit: share of the delivered records in quarantine above which somebody is called.
    max_loss: share of the keys of the published date before it that a date may lack (`whole_key`).
    """

    model: type[Table]
    table: str
    key: tuple[str, ...]
    reads: Reads = "snapshot"
    feed: str | None = None
    owner: str = "team:customer-data"
    cadence: Literal["daily", "weekly", "monthly"] = "daily"
    prefix: str | None = None
    window_months: int | None = None
    conserves: str | None = None
    scope: str | None = None
    form_rule: str | None = None
    totals: tuple[str, ...] = ()
    controls: tuple[Control, ...] = field(default=())
    references: tuple[Reference, ...] = field(default=())
    partitioned: bool = True
    blocking: tuple[str, ...] = BLOCKING
    longest_record: int = LONGEST_RECORD
    quarantine_limit: float = 0.01
    max_loss: float = 0.10

    def __post_init__(self) -> None:
        """Refuse a key that is not a column, and a measure without the table's prefix."""
        names = {c.name for c in self.columns}
        if missing := (set(self.key) | set(self.totals)) - names:
            raise ValueError(f"contract {self.table}: no column {sorted(missing)}")
        if not 0 <= self.max_loss <= 1:
            raise ValueError(f"contract {self.table}: max_loss is a share, from 0 to 1")
        measures = names - {"business_date", "client_id"}
        if self.prefix and (odd := {m for m in measures if not m.startswith(self.prefix)}):
            raise ValueError(f"contract {self.table}: {sorted(odd)} lack prefix {self.prefix!r}")

    @property
    def schema(self) -> str:
        """The lake schema: raw, stage, dimension, profile or quarantine."""
        return self.table.split(".")[0]

    @property
    def name(self) -> str:
        """The table's name within its schema; its SQL or Spark file has the same."""
        return self.table.split(".")[1]

    @property
    def whole_key(self) -> tuple[str, ...]:
        """The key without its date, where each date holds every key known by then; else empty.

        Raw tables hold deliveries, line by line: two of one snapshot have no key in common.
        """
        whole = self.reads == "snapshot" and self.schema in ("stage", "dimension", "profile")
        return tuple(k for k in self.key if k != "business_date") if whole else ()

    @property
    def description(self) -> str:
        """The model's docstring on one line."""
        return " ".join((self.model.__doc__ or "").split())

    @cached_property
    def pandera(self) -> pa.DataFrameSchema:
        """The Pandera schema (Arrow-typed) that `rules` are compiled from."""
        schema = self.model.to_schema()
        schema.checks = [*schema.checks, *frame_checks(schema)]
        return schema

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Columns in published order."""
        return tuple(
            Column(
                name=str(name),
                type=sql_type(col.dtype),
                nullable=bool(col.nullable),
                description=col.description or "",
                pii=(col.metadata or {}).get("pii", "none"),
                derived_from=(col.metadata or {}).get("derived_from", ()),
                longest=(col.metadata or {}).get("longest") or LONGEST_FIELD,
            )
            for name, col in self.pandera.columns.items()
        )

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Row rules in column order: the first one that a row breaks names its quarantine."""
        return rules_of(self.pandera)

    @cached_property
    def optional_rules(self) -> tuple[Rule, ...]:
        """Rules of columns that may be null: a value that breaks one is published as null."""
        optional = {c.name for c in self.columns if c.nullable}
        return tuple(r for r in self.rules if r.column in optional)

    @cached_property
    def required_rules(self) -> tuple[Rule, ...]:
        """Rules of columns that are never null: a record that breaks one is not published."""
        return tuple(r for r in self.rules if r not in self.optional_rules)

    @cached_property
    def measures(self) -> dict[str, str]:
        """Aggregates recorded per partition and compared with earlier ones, by name."""
        sums = {f"sum({c})": f"sum({c})" for c in self.totals}
        return sums | {c.name: c.candidate for c in self.controls}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of what decides rows: columns, rules, key, controls. Descriptions do not."""
        decides: list[list[Any]] = [
            [(c.name, c.type, c.nullable) for c in self.columns],
            [(r.name, r.sql) for r in self.rules],
            [self.key, self.reads, self.conserves, self.totals],
            [(c.name, c.candidate, c.source, c.tolerance) for c in self.controls],
        ]
        if self.schema == "raw":
            decides.append([self.longest_record, [c.longest for c in self.columns]])
        return hashlib.sha256(json.dumps(decides).encode()).hexdigest()
