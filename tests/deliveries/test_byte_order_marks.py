"""Byte-order marks are no data wherever files were joined; lines keep their number and text."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deliveries.raw_home import Home
from tests.deliveries.test_physical_lines import load

MARK = b"\xef\xbb\xbf"
ROWS = [(1, "01", 1), (2, "02", 2)]


@pytest.mark.parametrize(
    "content",
    [
        MARK + b"01,1\n" + MARK + b"02,2\n",
        b"01,1\n" + MARK + b"02,2\n",
        b"01,1\n" + MARK * 3 + b"02,2",
        MARK * 2 + b"01,1\n02,2\n",
        MARK + b"01,1\r\n" + MARK + b"02,2\r\n",
        MARK + b"01,1\r" + MARK + b"02,2\r",
        MARK + b"01,1\n" + MARK + b"02,2\r\n",
        MARK + b'"01",1\n' + MARK + b'"02",2\n',
        b'"' + MARK + b'01",1\n"' + MARK + b'02",2\n',
        MARK + b'"' + MARK + b'01",1\n02,2\n',
        b"01,1\n02,2\n" + MARK,
        b"01,1\n02,2\n" + MARK + b"\n\x1a",
    ],
)
def test_marks_at_the_start_of_lines(home: Home, content: bytes) -> None:
    assert load(home, content) == ROWS


@pytest.mark.parametrize(
    ("content", "changes"),
    [
        (MARK * 2 + b"full_visitor_id,client_id\n01,1\n02,2\n", {"header": True}),
        (MARK + b'"full_visitor_id",client_id\n01,1\n02,2\n', {"header": True}),
        (b'"' + MARK + b'full_visitor_id",client_id\n01,1\n02,2\n', {"header": True}),
        ("01,1\r\n".encode("utf-16") + "02,2\r\n".encode("utf-16"), {"encoding": "utf-16"}),
        (MARK + b"01,1\n" + MARK + b"02,2\n", {"encoding": "utf-8-sig"}),
        (
            b'{"full_visitor_id":"01","client_id":1}\n'
            + MARK
            + b'{"full_visitor_id":"02","client_id":2}\n',
            {"format": "json_lines"},
        ),
        (
            MARK * 2
            + b"{'full_visitor_id':'01','client_id':1}\n{'full_visitor_id':'02','client_id':2}\n",
            {"format": "python_lines"},
        ),
    ],
)
def test_in_every_format(home: Home, content: bytes, changes: dict[str, Any]) -> None:
    assert [r[1:] for r in load(home, content, **changes)] == [r[1:] for r in ROWS]


def test_the_same_sign_within_a_text_is_kept(home: Home) -> None:
    rows = load(home, MARK + "a\ufeffb,1\n\ufeffc\ufeff,2\n".encode())
    assert rows == [(1, "a\ufeffb", 1), (2, "c\ufeff", 2)]


def test_lines_keep_their_numbers_and_the_quarantine_the_text(home: Home) -> None:
    content = MARK + b"01,1\n\n" + MARK + b"\n" + MARK + b"02,x\n" + MARK + b"03,3\n"
    assert load(home, content) == [(1, "01", 1), (5, "03", 3)]
    deliveries = home.settle("web_visitor_map")
    assert home.quarantined(deliveries) == [(4, "client_id:type", "02,x")]


@pytest.mark.parametrize("shift", range(-6, 5))
def test_marks_between_the_chunks_of_a_large_file(home: Home, shift: int) -> None:
    # A chunk of a mebibyte ends within the second mark, after short records.
    whole = [b"%07d,1\n" % n for n in range(((1 << 20) + shift) // 10 - 1)]
    last = b"0" * ((1 << 20) + shift - 10 * len(whole)) + b",1\n"
    rows = load(home, b"".join(whole) + last + MARK + b'"' + MARK + b'02",2\n')
    assert len(rows) == len(whole) + 2
    assert rows[-1] == (len(whole) + 2, "02", 2)
    assert [len(visitor) for _, visitor, _ in rows[-2:]] == [len(last) - 3, 2]
