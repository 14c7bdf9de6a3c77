"""The contract as one aggregate query, and as casts, so that checks run where the data lies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from customer360_assets.contracts.contract import Contract
from customer360_assets.contracts.rules import Rule
from customer360_assets.contracts.types import iceberg_type

if TYPE_CHECKING:
    from pyiceberg.schema import Schema


@dataclass(frozen=True)
class Audit:
    """What a candidate showed: rows, rows whose key is not unique, rows breaking each rule.

    measures: those of the contract, with "rows", of the newest business date that has rows.
    """

    rows: int
    repeated_keys: int
    broken: Mapping[str, int]
    newest: dt.date | None = None
    measures: Mapping[str, float] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """Return True if no rule is broken and no key repeats."""
        return not self.repeated_keys and not any(self.broken.values())


def audit_sql(contract: Contract, relation: str = "candidate") -> str:
    """Return the query (Athena dialect, one row) that `read_audit` reads.

    Columns: row_count, distinct_keys, broken_<i> per rule in the contract's order, then newest and
    measure_<i> of that date, where the table has a business date.
    """
    keys = ", ".join(f'"{k}"' for k in contract.key)
    broken = "".join(
        f",\n    count_if(NOT ({rule.sql})) AS broken_{i}" for i, rule in enumerate(contract.rules)
    )
    return (
        "SELECT\n    count(*) AS row_count,\n"
        f"    (SELECT count(*) FROM (SELECT {keys} FROM {relation} GROUP BY {keys}) AS keys)"
        f" AS distinct_keys{broken}{_measured(contract, relation)}\nFROM {relation}"
    )


def _measured(contract: Contract, relation: str) -> str:
    if "business_date" not in contract.key:
        return ""
    newest = f"SELECT max(business_date) FROM {relation}"
    of_newest = f"FROM {relation} WHERE business_date = ({newest})"
    wanted = ["count(*)", *contract.measures.values()]
    return f",\n    ({newest}) AS newest" + "".join(
        f",\n    (SELECT {measure} {of_newest}) AS measure_{i}" for i, measure in enumerate(wanted)
    )


def read_audit(contract: Contract, row: Mapping[str, Any]) -> Audit:
    """Return the audit that one row of `audit_sql` holds."""
    return Audit(
        rows=int(row["row_count"]),
        repeated_keys=int(row["row_count"]) - int(row["distinct_keys"]),
        broken={r.name: int(row[f"broken_{i}"] or 0) for i, r in enumerate(contract.rules)},
        newest=row.get("newest"),
        measures={
            name: float(row[f"measure_{i}"])
            for i, name in enumerate(["rows", *contract.measures])
            if row.get(f"measure_{i}") is not None
        },
    )


def merged(audits: Sequence[Audit]) -> Audit:
    """Return the audit of all rows, merged from those of parts that share no key."""
    newest = max((a.newest for a in audits if a.newest is not None), default=None)
    return Audit(
        rows=sum(a.rows for a in audits),
        repeated_keys=sum(a.repeated_keys for a in audits),
        broken={rule: sum(a.broken[rule] for a in audits) for rule in audits[0].broken},
        newest=newest,
        measures=next((a.measures for a in audits if a.newest == newest), {}),
    )


def first_broken_sql(rules: Sequence[Rule]) -> str:
    """Return the expression that names the first rule a row breaks, NULL for a good row."""
    cases = "\n".join(f"    WHEN NOT ({r.sql}) THEN '{r.name}'" for r in rules)
    return f"CASE\n{cases}\nEND" if cases else "CAST(NULL AS varchar)"


def iceberg_schema(contract: Contract) -> Schema:
    """Return the Iceberg schema: types and documentation from the contract, every field optional.

    Optional, because the contract's own audit says which may be null, and by its rule's name.
    """
    from pyiceberg.schema import Schema
    from pyiceberg.types import NestedField

    return Schema(
        *(
            NestedField(i, c.name, iceberg_type(c.type), required=False, doc=c.description)
            for i, c in enumerate(contract.columns, start=1)
        )
    )
