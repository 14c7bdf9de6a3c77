"""The end-of-file mark of DOS at the end of a text is no data, in every text format."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer360_assets.deliveries.feed_deliveries import FeedDeliveries
from customer360_assets.deliveries.formats.marks import Tail
from customer360_assets.deliveries.parsing.delivery import Delivery
from customer360_assets.deliveries.parsing.original import original_records
from tests.deliveries.raw_home import Home, only
from tests.deliveries.test_physical_lines import spec

ROWS = [(1, "01", 1), (2, "02", 2)]


def deliver(home: Home, content: bytes, **changes: Any) -> FeedDeliveries:
    home.feeds = {"web_visitor_map": spec(**changes)}
    home.deliver("v", content)
    return home.run("web_visitor_map")


@pytest.mark.parametrize(
    "content",
    [
        b"01,1\n02,2\n\x1a",
        b"01,1\n02,2\x1a",
        b"01,1\r\n02,2\r\n\x1a",
        b"01,1\r02,2\r\x1a",
        b"01,1\n02,2\n\x1a\n",
        b"01,1\r\n02,2\r\n\x1a\r\n",
        b"01,1\n02,2\n\x1a" + b"\0" * 100,
        b"01,1\n02,2\n\x1a" + b" " * 100,
        b"01,1\n02,2\n" + b"\x1a" * 128,
        b"\xef\xbb\xbf01,1\n02,2\n\x1a",
    ],
)
def test_the_mark_is_dropped(home: Home, content: bytes) -> None:
    deliveries = deliver(home, content)
    assert only(deliveries)["status"] == "loaded", only(deliveries)["reason"]
    assert (only(deliveries)["records"], only(deliveries)["quarantined"]) == (2, 0)
    assert home.rows(deliveries, "line_no, full_visitor_id, client_id") == ROWS


@pytest.mark.parametrize(
    ("content", "changes"),
    [
        (gzip.compress(b"01,1\n02,2\n\x1a", mtime=0), {"compression": "gzip"}),
        ("01,1\n02,2\n\x1a".encode("cp037"), {"encoding": "cp037"}),
        ("01,1\r\n02,2\r\n\x1a".encode("utf-16"), {"encoding": "utf-16"}),
        (b"id,client_id\n01,1\n02,2\n\x1a", {"header": True}),
        (
            b'{"full_visitor_id":"01","client_id":1}\n{"full_visitor_id":"02","client_id":2}\n\x1a',
            {"format": "json_lines"},
        ),
        (
            b"{'full_visitor_id':'01','client_id':1}\r\n"
            b"{'full_visitor_id':'02','client_id':2}\r\n\x1a",
            {"format": "python_lines"},
        ),
    ],
)
def test_in_every_format(home: Home, content: bytes, changes: dict[str, Any]) -> None:
    if "header" in changes:
        content = content.replace(b"id,", b"full_visitor_id,", 1)
    deliveries = deliver(home, content, **changes)
    assert only(deliveries)["status"] == "loaded", only(deliveries)["reason"]
    assert [r[0] for r in home.rows(deliveries, "full_visitor_id")] == ["01", "02"]


def test_a_mark_proves_that_the_last_record_is_whole(home: Home) -> None:
    deliveries = deliver(home, b"01,1\n02,2\n03\x1a")
    assert (only(deliveries)["status"], only(deliveries)["quarantined"]) == ("loaded", 1)
    assert home.quarantined(deliveries) == [(3, "record:column_count", "03")]


@pytest.mark.parametrize("content", [b"01,1\n0\x1a2,2\n", b"01,1\n\x1a\n02,2\n"])
def test_a_mark_elsewhere_is_data(home: Home, content: bytes) -> None:
    deliveries = deliver(home, content)
    assert only(deliveries)["records"] == content.count(b"\n")
    text = b"".join(
        str(record).encode() + b"\n" for _, record in originals(home, deliveries, content)
    )
    assert text == content


def test_nothing_but_a_mark_is_empty(home: Home) -> None:
    assert only(deliver(home, b"\x1a"))["reason"] == "empty: an end-of-file mark alone"


def test_the_record_is_given_without_the_mark(home: Home) -> None:
    content = b"01,1\r\n02,2\x1a\0\0"
    deliveries = deliver(home, content)
    assert originals(home, deliveries, content) == [(1, "01,1"), (2, "02,2")]


def originals(home: Home, deliveries: FeedDeliveries, content: bytes) -> list[tuple[int, str]]:
    row = only(deliveries)
    delivery = Delivery(
        row["delivery_id"], 1, "web_visitor_map", "v", len(content), row["sha256"], None
    )
    found = original_records(
        delivery, home.feeds["web_visitor_map"], home.archive, range(1, 9), home.landing_dir.parent
    )
    return [(r["line_no"], r["record"]) for r in found.to_pylist()]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b" ", b"\x1a", b"\0", b"\xef\xbb\xbf"])),
    st.integers(1, 4),
)
def test_the_tail_is_the_same_however_it_comes(pieces: list[bytes], size: int) -> None:
    text = b"".join(pieces)
    tail = Tail()
    kept = list(tail.without_end(text[at : at + size] for at in range(0, len(text), size)))
    whole = text.rstrip(b"\x1a\0 \r\n")
    padding = text[len(whole) :]
    assert b"".join(kept) == whole + padding.partition(b"\x1a")[0]
    assert tail.ended == (b"\x1a" in padding)
    assert not any(chunk.endswith((b"\n", b"\r", b"\xef", b"\xbb")) for chunk in kept[:-1])
