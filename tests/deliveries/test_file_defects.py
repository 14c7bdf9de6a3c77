"""Files that are not what they claim to be are refused whole, by reason; others go on."""

from __future__ import annotations

import gzip

import pytest

from customer360_assets.deliveries.formats.errors import ParseError
from tests.deliveries.raw_home import Home, only

VISITORS = "visitors/v.csv"
CARDS = "card/card0020240523-1.csv"
GOOD = "0123,5001\n0456,5002\n0789,5003\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>\n", "an HTML page"),
        (b"\xef\xbb\xbf\n  <HTML>\n", "an HTML page"),
        (b"<?xml version='1.0'?>\n<Error/>\n", "starts with '<'"),
        (b"", "empty: 0 bytes"),
        (b"\n \r\n\t\n", "empty: blank lines alone"),
        (b"01,1\n02,2\n0\xff3,3\n", "not utf-8: first bad byte in line 3"),
        (b"01,1\n0\x002,2\n", "not text: a NUL byte in line 2"),
        (gzip.compress(GOOD.encode(), mtime=0), "gzip, though the specification says"),
        (b"PAR1\x15\x04\x15\x00PAR1", "Parquet, though the specification says text"),
        (b"not,a,visitor,map\nat,all,this,is\n", "no record fits the feed (record:column_count 2)"),
        (GOOD.encode() + b"0999", "truncated: the last line ends early (record:column_count)"),
    ],
)
def test_refused_whole_with_its_reason(home: Home, content: bytes, reason: str) -> None:
    home.deliver(VISITORS, content)
    deliveries = home.run("web_visitor_map")
    row = only(deliveries)
    assert row["status"] == "refused"
    assert row["reason"].startswith(reason)
    assert row["loaded"] == 0
    assert row["quarantined"] == 0
    assert home.rows(deliveries) == []
    assert home.quarantined(deliveries) == []
    assert deliveries.expected_versions == {}
    assert home.archive.path(row["sha256"]).read_bytes() == content


def test_a_whole_last_line_without_line_break_is_no_truncation(home: Home) -> None:
    home.deliver(VISITORS, GOOD + "0999,5004")
    assert only(home.run("web_visitor_map"))["loaded"] == 4


def test_a_shorter_last_word_or_number_is_no_truncation(home: Home) -> None:
    home.deliver(VISITORS, GOOD + "0999,50")
    assert only(home.run("web_visitor_map"))["loaded"] == 4


@pytest.mark.parametrize("last", ["", "-", " "])
def test_a_last_date_that_is_not_given_is_no_truncation(home: Home, last: str) -> None:
    home.feeds = {"account": home.feeds["account"].model_copy(update={"nulls": ("-",)})}
    line = "{},7,MI,2021-01-02 00:00:00\n"
    home.deliver(
        "account/account0020240523-1.csv", "".join(map(line.format, range(5))) + f"5,7,MI,{last}"
    )
    assert only(home.run("account"))["loaded"] == 6


def test_a_cut_timestamp_is_a_truncation_though_it_still_parses(home: Home) -> None:
    line = "555555555555444{},7,gold,2024-01-02T03:04:05.123456\n"
    home.deliver(CARDS, "".join(line.format(i) for i in range(5))[:-4])
    assert only(home.run("card"))["reason"].startswith("truncated")


def test_one_bad_file_does_not_stop_the_others(home: Home) -> None:
    home.deliver("ga/ga_sessions_20240101.json", "<html>")
    session = '{"fullVisitorId":"01","visitId":1,"visitStartTime":2}\n'
    home.deliver("ga/ga_sessions_20240102.json", session)
    deliveries = home.run("ga_session")
    assert [r["status"] for r in deliveries.manifest()] == ["refused", "loaded"]
    assert len(home.rows(deliveries)) == 1


def test_a_refused_correction_leaves_the_earlier_delivery_in_force(home: Home) -> None:
    home.deliver(VISITORS, GOOD)
    home.run("web_visitor_map")
    home.deliver(VISITORS, "<html>")
    deliveries = home.run("web_visitor_map")
    assert [r["status"] for r in deliveries.manifest()] == ["loaded", "refused"]
    assert len(home.rows(deliveries)) == 3


def test_html_in_place_of_parquet_and_damaged_parquet(home: Home) -> None:
    home.deliver("transactions/a.parquet", "<html>")
    home.deliver("transactions/b.parquet", b"PAR1 but no more")
    home.deliver("transactions/c.parquet", "trans_id,account_id\n")
    reasons = [r["reason"] for r in home.run("transaction").manifest()]
    assert reasons == [
        "an HTML page, saved in place of the file",
        "truncated or damaged Parquet",
        "not a Parquet file",
    ]


def test_errors_and_reasons_hold_no_value_of_a_record(home: Home) -> None:
    home.deliver(VISITORS, "secret-visitor,not-a-number\n")
    home.run("web_visitor_map")
    assert "secret-visitor" not in "".join(home.results().values())


def test_damage_in_the_archive_is_noticed(home: Home) -> None:
    home.deliver(VISITORS, GOOD)
    home.take_in()
    (receipt,) = home.ledger.receipts("web_visitor_map")
    path = home.archive.path(receipt.sha256)
    path.chmod(0o644)
    path.write_text(GOOD.replace("5001", "5009"))
    with pytest.raises(ParseError, match="web_visitor_map-000001: the archive is damaged"):
        home.settle("web_visitor_map")
    assert home.results() == {}
