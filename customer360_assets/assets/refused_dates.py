"""Dates that a run over many of them could not publish: it fails when all others are published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from customer360_assets.contracts.contract import Contract
from customer360_assets.publishing.checks.results import Finding

SHOWN = 3
"""Dates whose reasons are written out; a month without customers has one reason 31 times."""


def refuse_dates(
    contract: Contract, refused: Mapping[dt.date, Sequence[Finding]]
) -> Iterator[dg.AssetCheckResult]:
    """Record the checks of the first refused date and raise dg.Failure; without one do nothing.

    A check has one result per run. Readers keep what was published of the refused dates before.
    """
    if not refused:
        return
    dates = sorted(refused)
    yield from (finding.result(contract) for finding in refused[dates[0]])
    reasons = {date: _reason(contract, refused[date]) for date in dates[:SHOWN]}
    sentences = [f"{contract.table} {date}: {reason}" for date, reason in reasons.items()]
    if more := dates[SHOWN:]:
        sentences.append(f"{len(more)} more dates are refused, {more[0]} to {more[-1]}.")
    raise dg.Failure(
        description=" ".join(sentences),
        metadata={
            "refused_dates": [str(date) for date in dates],
            **{str(date): reason for date, reason in reasons.items()},
        },
        allow_retries=False,
    )


def _reason(contract: Contract, findings: Sequence[Finding]) -> str:
    return " ".join(finding.sentence for finding in findings if finding.stops(contract))
