"""Control totals against their sources: what a join lost, and what it multiplied."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from customer360_assets.contracts.contract import Control, Severity
from customer360_assets.publishing.checks.results import Finding

Totals = Mapping[Control, tuple[Decimal | None, Decimal | None]]
"""Per control the table's total, and its source's."""


def total_findings(totals: Totals) -> list[Finding]:
    """Return what is less than at the source (reconciliation), and what is more (fan_out).

    A control of severity warn is reported and stops nothing.
    """
    excess = {c: _excess(c, got, want) for c, (got, want) in totals.items()}
    return [
        _finding("reconciliation", totals, {c for c, n in excess.items() if n < 0}),
        _finding("fan_out", totals, {c for c, n in excess.items() if n > 0}),
    ]


def _excess(control: Control, got: Decimal | None, want: Decimal | None) -> Decimal:
    difference = (got or Decimal(0)) - (want or Decimal(0))
    return Decimal(0) if abs(difference) <= Decimal(control.tolerance) else difference


def _finding(check: str, totals: Totals, off: set[Control]) -> Finding:
    numbers: dict[str, int | float | str] = {}
    for control, (got, want) in totals.items():
        numbers[control.name] = str(got)
        numbers[f"{control.name} at the source"] = str(want)
    serious = any(control.severity == "error" for control in off)
    severity: Severity = "error" if serious or not off else "warn"
    direction = "less" if check == "reconciliation" else "more"
    listed = "; ".join(
        f"{c.name}: {got}, {direction} than the {want} of the source"
        for c, (got, want) in totals.items()
        if c in off
    )
    sentence = (
        f"None of {len(totals)} control totals is {direction} than at its source."
        if not off
        else ("Not published. " if serious else "Published anyway. ")
        + listed
        + (". Rows were lost in a join." if direction == "less" else ". A join multiplied rows.")
    )
    return Finding(check, not off, sentence, numbers, severity)
