"""Small charts for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

BLOCKS = " ▁▂▃▄▅▆▇█"


def column_chart(
    values: Sequence[Decimal | int | None], labels: Sequence[str], height: int = 4, width: int = 6
) -> list[str]:
    """Return the lines of a column chart; a missing value leaves its place empty.

    Columns start at zero, or at the lowest value when one is negative.
    """
    known = [Decimal(v) for v in values if v is not None]
    if not known:
        return ["nothing to show"]
    low, high = min([Decimal(0), *known]), max([Decimal(0), *known])
    scale = (high - low) or Decimal(1)
    steps = [max(1, round((Decimal(v) - low) / scale * height * 8)) if v else 0 for v in values]
    lines = []
    for row in reversed(range(height)):
        cells = (BLOCKS[min(8, max(0, s - row * 8))] * (width - 1) for s in steps)
        lines.append(" ".join(cells).rstrip())
    lines.append(" ".join(f"{label:<{width - 1}}" for label in labels))
    lines.append(" ".join(f"{_short(v):<{width - 1}}" for v in values))
    return lines


def _short(value: Decimal | int | None) -> str:
    """Return a number in at most five characters."""
    if value is None:
        return "-"
    number = Decimal(value)
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if abs(number) >= size:
            scaled = number / size
            return f"{scaled:.0f}{unit}" if abs(scaled) >= 10 else f"{scaled:.1f}{unit}"  # noqa: PLR2004 (two digits)
    return f"{number:.0f}"
