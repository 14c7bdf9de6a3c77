"""SQL that names the rules which a record breaks, and leaves out the values that may be missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from customer360_assets.deliveries.formats.sql_text import literal, name

Rules = Sequence[tuple[str, str]]
"""Rules in order: the condition that breaks each, and its name."""


def first_broken_sql(rules: Rules) -> str:
    """Return the expression of the first rule that a record breaks, NULL for a good one."""
    cases = "\n ".join(f"WHEN {broken} THEN {literal(rule)}" for broken, rule in rules)
    return f"CASE {cases} END" if rules else "CAST(NULL AS VARCHAR)"


def set_aside_sql(optional: Iterable[Rules]) -> str:
    """Return the expression of the first rule broken in each column (a list), NULL if none is.

    The list is built only for a record that breaks one: nearly none does.
    """
    columns = [rules for rules in optional if rules]
    if not columns:
        return "CAST(NULL AS VARCHAR[])"
    some = "\n OR ".join(broken for rules in columns for broken, _ in rules)
    firsts = ",\n ".join(map(first_broken_sql, columns))
    return f"CASE WHEN {some} THEN list_filter([{firsts}], lambda r: r IS NOT NULL) END"


def without_sql(broken: Mapping[str, Rules]) -> str:
    """Return the star expression of all columns, NULL in those that break one of their rules."""
    replaced = ", ".join(
        f"CASE WHEN {first_broken_sql(rules)} IS NULL THEN {name(column)} END AS {name(column)}"
        for column, rules in broken.items()
        if rules
    )
    return f"* REPLACE ({replaced})" if replaced else "*"
