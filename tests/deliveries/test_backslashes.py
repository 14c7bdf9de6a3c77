"""A record that a backslash may have escaped is not read by guess."""

from __future__ import annotations

import pytest

from tests.deliveries.movements import deliver_lines
from tests.deliveries.raw_home import Home, only

GOOD = "1,7,2024-05-01,credit,CCK,1,2"


def line(operation: str) -> str:
    return f"2,7,2024-05-01,credit,{operation},1,2"


@pytest.mark.parametrize(
    "operation",
    [
        r'"a \"quoted\" b"',
        r'"C:\"',
        r"abc\,def",
        "abc\\",
        r"5\" disk",
        r'"\\"',
    ],
)
def test_a_backslash_before_a_quote_or_a_delimiter(home: Home, operation: str) -> None:
    deliveries = deliver_lines(home, GOOD, line(operation))
    assert home.quarantined(deliveries) == [(2, "record:escape", line(operation))]
    assert only(deliveries)["loaded"] == 1


def test_a_backslash_that_ends_the_line(home: Home) -> None:
    columns = ["trans_id", "account_id", "date", "type", "amount", "balance", "operation"]
    bad = "2,7,2024-05-01,credit,1,2,abc\\"
    deliveries = deliver_lines(home, "1,7,2024-05-01,credit,1,2,CCK", bad, columns=columns)
    assert home.quarantined(deliveries) == [(2, "record:escape", bad)]


@pytest.mark.parametrize(
    ("operation", "read"),
    [
        (r"C:\dir\file", r"C:\dir\file"),
        (r'"a\,b"', r"a\,b"),
        (r'"C:\dir"', r"C:\dir"),
        (r"\N", r"\N"),
        ('"say ""hi"""', 'say "hi"'),
    ],
)
def test_other_backslashes_are_text(home: Home, operation: str, read: str) -> None:
    assert home.rows(deliver_lines(home, line(operation)), "operation") == [(read,)]


def test_a_quote_means_nothing_where_the_feed_has_none(home: Home) -> None:
    deliveries = deliver_lines(home, line(r"5\" disk"), quote="")
    assert home.rows(deliveries, "operation") == [(r"5\" disk",)]


def test_another_delimiter_and_quote(home: Home) -> None:
    lines = [r"1;7;2024-05-01;credit;'it\'s';1;2", r"2;7;2024-05-01;credit;a\;b;1;2"]
    good = r"3;7;2024-05-01;credit;a\,b\";1;2"
    deliveries = deliver_lines(home, *lines, good, delimiter=";", quote="'")
    assert home.quarantined(deliveries, "line_no, rule") == [
        (1, "record:escape"),
        (2, "record:escape"),
    ]
    assert home.rows(deliveries, "operation") == [(r"a\,b\"",)]
