"""Charts show what the numbers say."""

from __future__ import annotations

from decimal import Decimal

from customer360_assets.cli.charts import column_chart


def test_the_highest_fills_its_column_and_half_is_half() -> None:
    lines = column_chart([Decimal(100), Decimal(50), 0, None], ["a", "b", "c", "d"], height=2)
    assert lines[0].split() == ["█████"]
    assert lines[1].split() == ["█████", "█████"]
    assert lines[2].split() == ["a", "b", "c", "d"]
    assert lines[3].split() == ["100", "50", "0", "-"]


def test_a_negative_value_is_lower_than_zero() -> None:
    top, bottom = column_chart([Decimal(-10), Decimal(10)], ["a", "b"], height=2)[:2]
    assert top.split() == ["█████"]
    assert bottom.split()[-1] == "█████"
    assert bottom.startswith("▁")


def test_large_numbers_stay_short() -> None:
    assert column_chart([1_234_567, 98_765], ["a", "b"])[-1].split() == ["1.2M", "99k"]


def test_nothing_known_says_so() -> None:
    assert column_chart([None, None], ["a", "b"]) == ["nothing to show"]
