"""Is a partition like those before it: rows and key measures against a robust middle."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from statistics import median

from customer360_assets.contracts.contract import Contract
from customer360_assets.publishing.checks.results import Finding

HISTORY = 28
ENOUGH = 7
"""Partitions below which nothing is known of what is usual."""
TIMES = 5.0
"""Spreads from the middle beyond which a measure is reported."""
NORMAL = 1.4826
"""Median distance to the middle, times this, is the standard deviation of a normal spread."""
FLOOR = 0.05
"""A history that never moves has no spread: five per cent of the middle is its least."""


def anomaly_finding(
    contract: Contract,
    date: dt.date,
    now: Mapping[str, float],
    history: Sequence[Mapping[str, float]],
) -> Finding:
    """Compare each measure with those of the partitions before, newest 28.

    Middle and spread are medians, so that an odd partition among them moves neither.
    """
    numbers: dict[str, int | float | str] = {"partitions_before": len(history)}
    if len(history) < ENOUGH:
        sentence = f"{date} was not compared: {ENOUGH} partitions before it are needed."
        return Finding("anomaly", True, sentence, numbers)
    odd = []
    for name, value in now.items():
        before = [numbers_then[name] for numbers_then in history if name in numbers_then]
        if len(before) < ENOUGH:
            continue
        middle = median(before)
        spread = usual_spread(before, middle)
        away = abs(value - middle) / spread
        numbers |= {name: value, f"{name}, usual": middle, f"{name}, spreads away": round(away, 1)}
        if away > TIMES:
            odd.append(
                f"{name} is {value:,.0f}, where {middle:,.0f} give or take {spread:,.0f} is usual"
            )
    sentence = (
        f"{date} is like the {len(history)} partitions before it."
        if not odd
        else f"{date} is unlike the {len(history)} partitions before it: {'; '.join(odd)}."
        " Ask the source whether the delivery is complete."
    )
    stops = "anomaly" in contract.blocking
    return Finding(
        "anomaly", not odd, ("Not published. " if odd and stops else "") + sentence, numbers
    )


def usual_spread(before: Sequence[float], middle: float) -> float:
    """Return the spread around the middle: robust, and never less than 5 % of it or 1."""
    return max(NORMAL * median(abs(b - middle) for b in before), FLOOR * abs(middle), 1.0)
