"""Does each date hold the keys of the date before it: a snapshot loses few of them at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from customer360_assets.contracts.contract import Contract
from customer360_assets.publishing.checks.results import Finding

CHECK = "completeness"
TAG = "customer360/accept_loss"
"""Run tag that names the tables, separated by commas, whose loss of keys is accepted."""
Place = tuple[dt.date, bool]
"""A business date, and whether its rows are the candidate's (or published ones)."""


@dataclass(frozen=True)
class Loss:
    """Keys of the date `before`, and how many of them `date` lacks; without one, none of none."""

    date: dt.date
    before: dt.date | None = None
    keys: int = 0
    missing: int = 0

    @property
    def share(self) -> float:
        """The missing share of the keys."""
        return self.missing / self.keys if self.keys else 0.0

    def exceeds(self, contract: Contract) -> bool:
        """Return True if more is missing than the contract allows."""
        return self.missing > Decimal(str(contract.max_loss)) * self.keys


def loss_sql(contract: Contract) -> str:
    """Return the query (Athena dialect) that counts keys by the date on which each occurs next.

    A sort instead of a join of each date with the next: the cost grows with the rows alone.
    """
    keys = ", ".join(f'"{k}"' for k in contract.whole_key)
    return (
        "SELECT business_date, is_candidate, next_date, count(*) AS key_count FROM ("
        "SELECT business_date, is_candidate, lead(business_date) OVER"
        f" (PARTITION BY {keys} ORDER BY business_date, is_candidate) AS next_date FROM ("
        f"SELECT business_date, {keys}, false AS is_candidate FROM published.rows"
        f" GROUP BY business_date, {keys} UNION ALL"
        f" SELECT business_date, {keys}, true AS is_candidate FROM candidate.rows"
        f" GROUP BY business_date, {keys}) AS dated) AS followed"
        " GROUP BY business_date, is_candidate, next_date"
    )


def losses_between(places: Sequence[Place], counted: Sequence[Mapping[str, Any]]) -> list[Loss]:
    """Return what each place of a sequence lost against the one before, from rows of `loss_sql`."""
    found = []
    for before, (date, _) in pairwise(places):
        there = [r for r in counted if (r["business_date"], r["is_candidate"]) == before]
        keys = sum(int(r["key_count"]) for r in there)
        kept = sum(int(r["key_count"]) for r in there if r["next_date"] == date)
        found.append(Loss(date, before[0], keys, keys - kept))
    return found


def completeness_finding(
    contract: Contract, losses: Sequence[Loss], accepted: str | None = None
) -> Finding:
    """Return whether every date holds the keys of the one before; `accepted`: by what a loss is."""
    compared = [loss for loss in losses if loss.before]
    numbers: dict[str, int | float | str] = {"max_loss": contract.max_loss}
    if not compared:
        return Finding(CHECK, True, "No date is published before it: nothing to compare.", numbers)
    worst = max(compared, key=lambda loss: (loss.exceeds(contract), loss.share))
    numbers |= {
        "date": str(worst.date),
        "earlier_date": str(worst.before),
        "earlier_keys": worst.keys,
        "missing_keys": worst.missing,
    }
    too_many = [loss for loss in compared if loss.exceeds(contract)]
    sentence = " ".join(_sentence(contract, loss) for loss in too_many or [worst])
    if too_many and accepted:
        numbers |= {"accepted": "true"}
        return Finding(CHECK, True, f"{sentence} Accepted by {accepted}.", numbers, "warn")
    if too_many:
        sentence = f"Not published. {sentence} {_advice(contract)}"
    return Finding(CHECK, not too_many, sentence, numbers)


def emptiness_finding(
    contract: Contract, date: dt.date, reason: str, accepted: str | None = None
) -> Finding:
    """Return the finding of a table that has no row at all."""
    numbers: dict[str, int | float | str] = {"date": str(date), "rows": 0}
    if accepted:
        numbers |= {"accepted": "true"}
        sentence = f"{date} has no row. {reason} Accepted by {accepted}."
        return Finding(CHECK, True, sentence, numbers, "warn")
    sentence = f"Not published. {date} would have no row. {reason}"
    return Finding(CHECK, False, sentence, numbers)


def no_customer(date: dt.date) -> str:
    """Return why a date has no clients where CRM has not delivered."""
    return (
        f"No customer was delivered on or before {date}: there is one row per client known to"
        " CRM. Check the feed crm_customer in raw.delivery."
    )


def _sentence(contract: Contract, loss: Loss) -> str:
    key = ", ".join(contract.whole_key)
    return (
        f"{loss.missing:,} of {loss.keys:,} keys ({key}) of {loss.before} are missing on"
        f" {loss.date} ({loss.share:.1%}, at most {contract.max_loss:.1%})."
    )


def _advice(contract: Contract) -> str:
    return (
        "Ask the source whether the delivery is complete; if it is, accept the loss: customer360"
        f" run --accept-loss {contract.table}, or the run tag {TAG}: {contract.table}."
    )
