"""A stage query with the fate of each of its rows."""

from __future__ import annotations

from collections.abc import Iterable

from customer360_assets.contracts.audit import first_broken_sql
from customer360_assets.contracts.contract import Column, Contract
from customer360_assets.contracts.rules import Rule

REPEAT = "repeat"
CORRECTED = "corrected"
_MOVED = "staged.delivery_id = moved.moved_delivery AND staged.line_no = moved.moved_line"
ASIDE = "-aside"
"""What follows the date of a row that is published without a value that broke a rule."""


def fate_sql(contract: Contract, query: str, moved: str | None = None) -> str:
    """Return a stage query's columns and `fate`: the row's date, the rule it broke, or a repeat.

    A repeat comes before a broken rule, so that a record delivered twice is refused once. A value
    of an optional column that breaks a rule is null in a row that is published. What is held back
    is apart by reason alone: Athena writes a hundred parts at once, a month has 31.
    """
    columns = ",\n    ".join(_kept(contract, c) for c in contract.columns)
    return (
        f"SELECT\n    {columns},\n"
        f"    coalesce(refusal, CAST(business_date AS varchar){_mark(contract)}) AS fate\n"
        f"FROM (\n{refusal_sql(contract, query, moved)}\n) AS judged"
    )


def refusal_sql(contract: Contract, query: str, moved: str | None = None) -> str:
    """Return a stage query's columns and `refusal`: why a row is held back, NULL for a good one.

    moved: the query of records that a later delivery moved to an earlier date.
    """
    columns = ", ".join(f'"{c.name}"' for c in contract.columns)
    form = f'"{contract.form_rule}", ' if contract.form_rule else ""
    return (
        f"SELECT {columns}, CASE{_corrected(moved)} WHEN delivery_rank > 1 THEN '{REPEAT}' ELSE"
        f" coalesce({form}{first_broken_sql(contract.required_rules)}, CAST(NULL AS varchar)) END"
        " AS refusal\n"
        f"FROM (\n{query.rstrip().removesuffix(';')}\n) AS staged"
        + (f"\nLEFT JOIN (\n{moved}\n) AS moved\n    ON {_MOVED}" if moved else "")
    )


def _corrected(moved: str | None) -> str:
    return f" WHEN moved_delivery IS NOT NULL THEN '{CORRECTED}'" if moved else ""


def all_hold(rules: Iterable[Rule]) -> str:
    """Return the condition that a row keeps all of these rules."""
    return " AND ".join(f"({rule.sql})" for rule in rules)


def without_broken(contract: Contract, column: Column) -> str:
    """Return the expression of a column's value, NULL where an optional value breaks a rule."""
    rules = [r for r in contract.optional_rules if r.column == column.name]
    value = f'"{column.name}"'
    return f"CASE WHEN {all_hold(rules)} THEN {value} END" if rules else value


def _kept(contract: Contract, column: Column) -> str:
    rules = [r for r in contract.optional_rules if r.column == column.name]
    if not rules:
        return f'"{column.name}"'
    # A record that is held back is kept as it was delivered.
    published = f"refusal IS NOT NULL OR ({all_hold(rules)})"
    return f'CASE WHEN {published} THEN "{column.name}" END AS "{column.name}"'


def _mark(contract: Contract) -> str:
    if not contract.optional_rules:
        return ""
    return f" || CASE WHEN {all_hold(contract.optional_rules)} THEN '' ELSE '{ASIDE}' END"
