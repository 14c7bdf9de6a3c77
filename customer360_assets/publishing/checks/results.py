"""Findings as check results: numbers and a sentence, never a value from a record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import dagster as dg

from customer360_assets.contracts.audit import Audit
from customer360_assets.contracts.contract import Contract, Severity
from customer360_assets.tables.specs import asset_key


@dataclass(frozen=True)
class Finding:
    """The outcome of one check: what an operator reads, and the numbers behind it."""

    check: str
    passed: bool
    sentence: str
    numbers: Mapping[str, int | float | str]
    severity: Severity = "error"

    def stops(self, contract: Contract) -> bool:
        """Return True if the table must not be published: its contract and the finding say so."""
        blocks = self.check in contract.blocking and self.severity == "error"
        return not self.passed and blocks

    def result(self, contract: Contract) -> dg.AssetCheckResult:
        """Return the result as Dagster records it."""
        blocking = self.check in contract.blocking and self.severity == "error"
        return dg.AssetCheckResult(
            asset_key=asset_key(contract.table),
            check_name=self.check,
            passed=self.passed,
            severity=dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN,
            description=self.sentence,
            metadata=dict(self.numbers),
        )


def contract_finding(contract: Contract, audit: Audit) -> Finding:
    """Return the rules of the contract that the candidate breaks."""
    broken = {rule: n for rule, n in audit.broken.items() if n}
    rules = len(contract.rules)
    sentence = (
        f"{audit.rows:,} rows keep all {rules} rules of the contract."
        if not broken
        else "Not published. Rows that break a rule: "
        + ", ".join(f"{rule} {n:,}" for rule, n in broken.items())
        + "."
    )
    return Finding("contract", not broken, sentence, {"rows": audit.rows, "rules": rules, **broken})


def grain_finding(contract: Contract, audit: Audit) -> Finding:
    """Return whether the key is unique."""
    key = ", ".join(contract.key)
    sentence = (
        f"One row per ({key})."
        if not audit.repeated_keys
        else f"Not published. {audit.repeated_keys:,} rows repeat a key ({key})."
    )
    return Finding(
        "grain", not audit.repeated_keys, sentence, {"repeated_keys": audit.repeated_keys}
    )


def conservation_finding(
    delivered: int,
    published: int,
    repeated: int,
    quarantined: int,
    totals: Mapping[str, str],
    corrected: int = 0,
) -> Finding:
    """Return whether every delivered record, and every control total, is accounted for.

    `totals` has per column the difference of sums, "0" where nothing is missing. corrected: rows
    that a later delivery brings for an earlier date.
    """
    lost = delivered - published - repeated - corrected - quarantined
    off = {c: d for c, d in totals.items() if Decimal(d) != 0}
    account = (
        f"{delivered:,} delivered = {published:,} published + {repeated:,} repeated"
        + (f" + {corrected:,} corrected by a later delivery" if corrected else "")
        + f" + {quarantined:,} quarantined"
    )
    sentence = (
        f"{account}."
        if not lost and not off
        else f"Not published. {account}, {lost:,} unaccounted for"
        + "".join(f"; sum({c}) differs by {d}" for c, d in off.items())
        + "."
    )
    return Finding(
        "conservation",
        not lost and not off,
        sentence,
        {
            "delivered": delivered,
            "published": published,
            "repeated": repeated,
            "corrected": corrected,
            "quarantined": quarantined,
            "unaccounted": lost,
            **{f"difference of sum({c})": d for c, d in totals.items()},
        },
    )


def nothing_left(finding: Finding, dates: Sequence[dt.date], by_rule: Mapping[str, int]) -> Finding:
    """Fail the conservation of a snapshot of which, on these dates, no record can be published.

    The date would be made of the snapshot before it, and recorded as made of this one.
    """
    if not dates:
        return finding
    reasons = _by_rule(by_rule)
    sentence = (
        f"Not published. No delivered record of {', '.join(map(str, dates))} fits the contract:"
        f" {reasons}. The snapshot before it stays in force. Correct the records at the source; a"
        " redelivered file replaces this one."
    )
    # What fails the check by itself is reported as well.
    earlier = "" if finding.passed else f"{finding.sentence} "
    return replace(finding, passed=False, sentence=earlier + sentence)


def quarantine_finding(
    feed: str, by_rule: Mapping[str, int], set_aside: Mapping[str, int] | None = None
) -> Finding:
    """Return how many records were refused, and how many values were set aside, by rule."""
    total, values = sum(by_rule.values()), set_aside or {}
    parts = []
    if total:
        parts.append(f"{total:,} records refused: {_by_rule(by_rule)}.")
    if values:
        parts.append(
            f"{sum(values.values()):,} optional values set aside, their rows are published with"
            f" null: {_by_rule(values)}."
        )
    if parts:
        parts.append(
            f"The records are kept in quarantine.{feed}. Correct them at the source; a redelivered"
            " file replaces this one."
        )
    numbers = {"quarantined": total, "values_set_aside": sum(values.values())}
    return Finding(
        "quarantine",
        not parts,
        " ".join(parts) or "No record refused, no value set aside.",
        {**numbers, **by_rule, **values},
    )


def _by_rule(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{rule} {n:,}" for rule, n in sorted(counts.items()))


def reference_finding(orphans: Mapping[str, int]) -> Finding:
    """Return how many ids have no matching row."""
    found = {name: n for name, n in orphans.items() if n}
    sentence = (
        "Every reference is found."
        if not found
        else "Rows with an id that is not found: "
        + ", ".join(f"{name} {n:,}" for name, n in found.items())
        + ". They are kept, and left out where the reference is needed."
    )
    return Finding("references", not found, sentence, dict(orphans))
