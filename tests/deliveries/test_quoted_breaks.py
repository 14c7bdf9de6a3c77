"""A line break within a quoted field makes no row of its own, and costs no other record."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer360_assets.feeds import FeedSpec
from tests.deliveries.raw_home import Home, only


def parsed(home: Home, text: str, **changes: Any) -> tuple[list[int], dict[int, str]]:
    """Deliver accounts; give the lines that were loaded, and the rule of each other one."""
    base = {
        "feed": "account",
        "system": "test",
        "pattern": "*",
        "format": "delimited",
        "columns": ["account_id", "branch_id", "frequency", "creation_date", "note"],
        "business_date": "run",
        "delivery": "delta",
    }
    home.feeds = {"account": FeedSpec.model_validate(base | changes)}
    home.deliver("a", text)
    deliveries = home.run("account")
    row = only(deliveries)
    assert row["status"] == "loaded", row["reason"]
    loaded = [int(line) for (line,) in home.rows(deliveries, "line_no")]
    broken = dict(home.quarantined(deliveries, "line_no, rule"))
    assert len(loaded) + len(broken) == row["records"]
    return loaded, broken


GOOD = "1,7,MI,2021-01-02,ok"


@pytest.mark.parametrize(
    ("lines", "within"),
    [
        (['2,7,MI,2021-01-02,"moved;', '3,8,WI,2020-05-05,see old account"'], [2, 3]),
        (['2,7,MI,2021-01-02,"moved;', "3,8,WI,2020-05-05,see", 'old account"'], [2, 3, 4]),
        (['2,7,MI,2021-01-02,"said ""a""', '3,8,WI,2020-05-05,""b""', 'c"'], [2, 3, 4]),
        (['2,7,MI,2021-01-02,"ends in a break', '"'], [2, 3]),
        (['2,7,"M', 'I",2021-01-02,"and', '3,8,WI,2020-05-05,again"'], [2, 3, 4]),
        (
            ['2,7,M,2021-01-02,"stray', '3,7,M,2021-01-02,"a', '4,8,W,2020-05-05,b"'],
            [2, 3, 4],
        ),
        (['2,7,MI,2021-01-02,"a', "", '3,8,WI,2020-05-05,b"'], [2, 4]),
    ],
)
def test_every_line_of_a_record_with_a_quoted_break_is_quarantined(
    home: Home, lines: list[str], within: list[int]
) -> None:
    after = len(lines) + 2
    text = "\n".join([GOOD, *lines, GOOD, '9,7,MI,2021-01-02,5" pipe', ""])
    loaded, broken = parsed(home, text)
    assert broken == dict.fromkeys(within, "record:quote")
    assert loaded == [1, after, after + 1]


def test_a_stray_quote_costs_its_own_line(home: Home) -> None:
    text = "\n".join([GOOD, '2,7,MI,2021-01-02,"stray', GOOD, GOOD, ""])
    assert parsed(home, text) == ([1, 3, 4], {2: "record:quote"})


def test_of_two_stray_quotes_every_line_between_is_quarantined(home: Home) -> None:
    stray = '2,7,MI,2021-01-02,"stray'
    text = "\n".join([GOOD, stray, GOOD, GOOD, stray, GOOD, ""])
    assert parsed(home, text) == ([1, 6], dict.fromkeys([2, 3, 4, 5], "record:quote"))


def test_the_next_delivery_is_judged_again(home: Home) -> None:
    first, last = '2,7,MI,2021-01-02,"a', '3,8,WI,2020-05-05,b"'
    parsed(home, "\n".join([GOOD, first, last, GOOD, ""]))
    home.deliver("b", "\n".join([first, GOOD, GOOD, last, GOOD, ""]))
    deliveries = home.run("account")
    assert [r["quarantined"] for r in deliveries.manifest()] == [2, 4]


def test_a_long_way_to_the_closing_quote(home: Home) -> None:
    lines = 150_000
    text = "\n".join(['2,7,MI,2021-01-02,"a', *[GOOD] * lines, 'x"', GOOD, ""])
    loaded, broken = parsed(home, text)
    assert loaded == [lines + 3]
    assert len(broken) == lines + 2


NOTE = st.text(st.sampled_from('a,\n";1'), max_size=8)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(NOTE, min_size=1, max_size=12), st.booleans())
def test_of_a_well_formed_file_every_record_of_one_line_is_loaded_and_no_other(
    notes: list[str], everything: bool
) -> None:
    text, line, whole = io.StringIO(), 1, []
    quoting = csv.QUOTE_ALL if everything else csv.QUOTE_MINIMAL
    writer = csv.writer(text, quoting=quoting, lineterminator="\n")
    for note in ["ok", *notes]:
        writer.writerow([1, 7, note, "2021-01-02", note])
        if "\n" not in note:
            whole.append(line)
        line = text.getvalue().count("\n") + 1
    with tempfile.TemporaryDirectory() as root:
        loaded, broken = parsed(Home(Path(root)), text.getvalue())
    assert loaded == whole
    assert set(broken.values()) <= {"record:quote"}
