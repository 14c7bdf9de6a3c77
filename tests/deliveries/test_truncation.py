"""A file is truncated only when its last line shows it; other faults are named as they are."""

from __future__ import annotations

import pytest

from tests.deliveries.raw_home import Home, only
from tests.deliveries.test_physical_lines import spec

CARD = "411111111111100{},7,gold,{}"
FULL = "2024-01-02T03:04:05.123456"


def issued(home: Home, last: str, other: str = FULL) -> dict[str, object]:
    lines = [CARD.format(i, other) for i in range(4)] + [CARD.format(4, last)]
    home.deliver("card/card0020240523-1.csv", "\n".join(lines))
    return only(home.run("card"))


@pytest.mark.parametrize(
    ("last", "other"),
    [
        ("2024-01-02T03:04:05", FULL),
        ("2024-01-02T03:04", FULL),
        ("2024-01-02", FULL),
        ("2024-01-02", "2024-01-02 03:04"),
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05.123456Z"),
        ("2024-01-02 03:04:05", "2024-01-02 03:04:05.5"),
        ("2024-01-02T03:04:05.123456", "2024-01-02T03:04:05"),
    ],
)
def test_a_time_that_is_only_less_precise_is_whole(home: Home, last: str, other: str) -> None:
    row = issued(home, last, other)
    assert (row["status"], row["loaded"]) == ("loaded", 5), row["reason"]


@pytest.mark.parametrize(
    ("last", "other", "reason"),
    [
        ("2024-01-02T03:04:05.12", FULL, "the date that ends the last line is cut"),
        ("2024-01-02T03:04:05.12345", FULL, "the date that ends the last line is cut"),
        ("2024-01-02T03:04:05", "2024-01-02T03:04:05Z", "the date that ends the last line is cut"),
        ("2024-01-0", FULL, "the last line ends early (issued_datetime:type): its last value is"),
        ("2024-01-02T03:0", FULL, "the last line ends early (issued_datetime:type): its last"),
    ],
)
def test_a_time_that_stops_within_a_number_is_cut(
    home: Home, last: str, other: str, reason: str
) -> None:
    row = issued(home, last, other)
    assert row["status"] == "refused"
    assert str(row["reason"]).startswith(f"truncated: {reason}")


@pytest.mark.parametrize(
    ("last", "rule"),
    [
        ("04,7,gold,2024-13-45T03:04:05.123456", "issued_datetime:type"),
        ("04,seven,gold,2024-01-02T03:04:05.123456", "disp_id:type"),
        ("04,7,gold,2024-01-02T03:04:05.123456,more", "record:column_count"),
    ],
)
def test_a_bad_last_record_that_is_whole_goes_to_quarantine(
    home: Home, last: str, rule: str
) -> None:
    lines = [CARD.format(i, FULL) for i in range(4)] + ["4111111111111" + last]
    home.deliver("card/card0020240523-1.csv", "\n".join(lines))
    deliveries = home.run("card")
    assert only(deliveries)["loaded"] == 4, only(deliveries)["reason"]
    assert home.quarantined(deliveries, "line_no, rule") == [(5, rule)]


GOOD = '{"full_visitor_id":"01","client_id":1}\n'


@pytest.mark.parametrize("last", ["EOF", '{"full_visitor_id":"02" "client_id":2}', '{"{":{"a":1}}'])
def test_a_bad_last_object_that_is_closed_goes_to_quarantine(home: Home, last: str) -> None:
    home.feeds = {"web_visitor_map": spec(format="json_lines")}
    home.deliver("v", GOOD + last)
    row = only(home.run("web_visitor_map"))
    assert (row["status"], row["loaded"], row["quarantined"]) == ("loaded", 1, 1), row["reason"]


@pytest.mark.parametrize("last", ['{"full_visitor_id":"02","client', '{"a":{"b":1}', '{"a":"}'])
@pytest.mark.parametrize("form", ["json_lines", "python_lines"])
def test_an_object_that_is_not_closed_was_cut(home: Home, form: str, last: str) -> None:
    home.feeds = {"web_visitor_map": spec(format=form)}
    home.deliver("v", GOOD + last)
    assert str(only(home.run("web_visitor_map"))["reason"]).endswith("no brace closes its object")


NO_RECORD = "no record fits the feed"
OBJECT = '{"full_visitor_id":"01","client_id":1}'
ARRAY = "a JSON array, and the feed reads one object per line"


@pytest.mark.parametrize(
    ("form", "content", "reason"),
    [
        ("json_lines", f"[{OBJECT}]", ARRAY),
        ("json_lines", f"\ufeff[{OBJECT}]\n", ARRAY),
        ("python_lines", f"[{OBJECT}]", ARRAY),
        ("json_lines", f"\n[\n  {OBJECT},\n{OBJECT}\n]\n", ARRAY),
        (
            "json_lines",
            f"[{OBJECT}]\n[{OBJECT}]\n",
            f"{NO_RECORD} (record:json 2): its first line is a JSON array, not an object",
        ),
        ("json_lines", '"01"\n"02"', f"{NO_RECORD} (record:json 2)"),
        ("delimited", "01,1,2\n02,2,3", f"{NO_RECORD} (record:column_count 2)"),
        (
            "delimited",
            '{"error":"token expired"}\n',
            f"{NO_RECORD} (record:column_count 1): it starts with '{{', as JSON does",
        ),
        (
            "delimited",
            "01,1    02,2    ",
            f"{NO_RECORD} (record:column_count 1): it has no line break",
        ),
        (
            "delimited",
            "01,1\x8502,2\x85",
            f"{NO_RECORD} (record:column_count 1): NEL ends its lines, not a line feed",
        ),
    ],
)
def test_a_file_without_a_record_that_fits_says_why(
    home: Home, form: str, content: str, reason: str
) -> None:
    home.feeds = {"web_visitor_map": spec(format=form)}
    home.deliver("v", content)
    assert only(home.run("web_visitor_map"))["reason"] == reason


@pytest.mark.parametrize("lines_end", ["\x85", ""])
def test_ebcdic_without_line_feeds_says_why(home: Home, lines_end: str) -> None:
    home.feeds = {"web_visitor_map": spec(encoding="cp037")}
    home.deliver("v", "".join(f"0{i},{i}".ljust(80) + lines_end for i in "123").encode("cp037"))
    seen = "NEL ends its lines, not a line feed" if lines_end else "it has no line break"
    assert only(home.run("web_visitor_map"))["reason"] == (
        f"{NO_RECORD} (record:column_count 1): {seen}"
    )
