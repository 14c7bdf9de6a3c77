"""Line breaks, marks, encodings and compression: a line keeps its number and its text."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer360_assets.deliveries.formats.physical import Lines
from customer360_assets.feeds import FeedSpec
from tests.deliveries.raw_home import Home, only

MAP = "visitors/v.csv"


def spec(**changes: Any) -> FeedSpec:
    base: dict[str, Any] = {
        "feed": "web_visitor_map",
        "system": "test",
        "pattern": "*",
        "format": "delimited",
        "columns": ["full_visitor_id", "client_id"],
        "business_date": "run",
        "delivery": "snapshot",
    }
    return FeedSpec.model_validate(base | changes)


def load(home: Home, content: bytes, **changes: Any) -> list[tuple[Any, ...]]:
    home.feeds = {"web_visitor_map": spec(**changes)}
    home.deliver("v", content)
    deliveries = home.run("web_visitor_map")
    assert only(deliveries)["status"] == "loaded", only(deliveries)["reason"]
    return home.rows(deliveries, "line_no, full_visitor_id, client_id")


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"a,1\nb,2\n", [(1, "a", 1), (2, "b", 2)]),
        (b"a,1\r\nb,2\r\n", [(1, "a", 1), (2, "b", 2)]),
        (b"a,1\rb,2\r", [(1, "a", 1), (2, "b", 2)]),
        (b"a,1\nb,2\r\nc,3\n", [(1, "a", 1), (2, "b", 2), (3, "c", 3)]),
        (b"a,1\r\nb,2\n\r\n\nc,3", [(1, "a", 1), (2, "b", 2), (5, "c", 3)]),
        (b"a\rb,1\nc,2\n", [(1, "a\rb", 1), (2, "c", 2)]),
        (b"a\rb,1\r\nc,2\r\n", [(1, "a\rb", 1), (2, "c", 2)]),
        (b"\xef\xbb\xbfa,1\nb,2\n", [(1, "a", 1), (2, "b", 2)]),
        (b"\xef\xbb\xbfa,1\r\nb,2\n", [(1, "a", 1), (2, "b", 2)]),
        (b"\n\na,1\n \t\r\n\nb,2\n\n\n", [(3, "a", 1), (6, "b", 2)]),
        (b"a\x1fb,1\nc,2\n", [(1, "a\x1fb", 1), (2, "c", 2)]),
        (b"a\x1fb\rc,1\nc,2\n", [(1, "a\x1fb\rc", 1), (2, "c", 2)]),
        (b"a,1\n\r", [(1, "a", 1)]),
        (b"a,1\n \r \nb,2\n", [(1, "a", 1), (3, "b", 2)]),
        (b"#a,1\n'b',2\n", [(1, "#a", 1), (2, "'b'", 2)]),
        (b"NULL,1\n,2\nb,3\n", [(1, "NULL", 1), (3, "b", 3)]),
    ],
)
def test_lines(home: Home, content: bytes, rows: list[tuple[Any, ...]]) -> None:
    assert load(home, content) == rows


@pytest.mark.parametrize("encoding", ["cp1250", "iso8859-2", "utf-16", "utf-8-sig"])
def test_encodings(home: Home, encoding: str) -> None:
    content = "čeněk,1\r\nŠárka,2\r\n".encode(encoding)
    assert load(home, content, encoding=encoding) == [(1, "čeněk", 1), (2, "Šárka", 2)]


def test_a_bad_byte_is_found_far_into_a_file_of_another_encoding(home: Home) -> None:
    home.feeds = {"web_visitor_map": spec(encoding="cp1250")}
    home.deliver("v", b"a,1\n" * 300_000 + b"\x81,2\n")
    assert only(home.run("web_visitor_map"))["reason"] == (
        "not cp1250: first bad byte in line 300001"
    )


def test_a_character_across_two_chunks_is_no_bad_byte(home: Home) -> None:
    content = b"xxxxx,1\n" * (1 << 17)
    rows = load(home, content[:-8] + b"xxxx,1\n" + "ě,2\nb,2\n".encode())
    assert [(r[0], r[1]) for r in rows[-3:]] == [(131072, "xxxx"), (131073, "ě"), (131074, "b")]


def test_gzip_of_several_members(home: Home) -> None:
    content = gzip.compress(b"a,1\nb") + gzip.compress(b",2\n") + b"\0" * 8
    assert load(home, content, compression="gzip") == [(1, "a", 1), (2, "b", 2)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gzip.compress(b"a,1\n" * 9, mtime=0)[:-5], "truncated gzip"),
        (b"a,1\n", "not gzip, or damaged gzip"),
        (gzip.compress(b"", mtime=0), "empty: 0 bytes"),
        (gzip.compress(b"<html>", mtime=0), "an HTML page, saved in place of the file"),
    ],
)
def test_gzip_that_is_none(home: Home, content: bytes, reason: str) -> None:
    home.feeds = {"web_visitor_map": spec(compression="gzip")}
    home.deliver("v", content)
    assert only(home.run("web_visitor_map"))["reason"] == reason


def test_a_line_longer_than_the_engine_expects(home: Home) -> None:
    rows = load(home, b"a,1\n" + b"x" * 5_000_000 + b",2\nb,3\n")
    assert rows == [(1, "a", 1), (3, "b", 3)]
    kept = home.quarantined(home.settle("web_visitor_map"), "line_no, rule, length(record)")
    assert kept == [(2, "record:length", 5_000_002)]


def test_line_numbers_hold_in_a_file_that_the_engine_reads_in_parts(home: Home) -> None:
    content = "".join(f"{i},{i}\n" if i % 7 else "\n" for i in range(1, 200_001)).encode()
    rows = load(home, content)
    assert len(rows) == 200_000 - 200_000 // 7
    assert all(str(line) == visitor and line == client for line, visitor, client in rows)


def chunks(text: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        yield text[at : at + size]
        at += size
    yield text[at:]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\r\n", b" ", b"\t", b"\xc4\x9b"])).map(
        b"".join
    ),
    st.lists(st.integers(0, 5), max_size=20),
)
def test_lines_are_counted_the_same_however_they_come(text: bytes, sizes: list[int]) -> None:
    lines = Lines()
    for chunk in chunks(text, sizes):
        lines.add(chunk)
    physical = text.split(b"\n")
    whole = physical if physical[-1] else physical[:-1]
    assert lines.total == len(whole)
    assert lines.records == sum(1 for line in whole if line.strip(b" \t\r"))
    assert lines.ends_with_newline == (text[-1:] in (b"", b"\n"))
    assert lines.longest >= max((len(line) for line in whole), default=0)
    assert lines.regular == (
        b"\r" not in text.replace(b"\r\n", b"")
        and not (b"\r\n" in text and b"\n" in text.replace(b"\r\n", b""))
    )
