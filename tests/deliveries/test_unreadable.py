"""A delivery that cannot be read is refused, or fails, by its own name; no value is shown."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import duckdb
import pytest

from customer360_assets.deliveries.formats.errors import ParseError
from customer360_assets.deliveries.parsing import parse as parsing
from customer360_assets.feeds import FeedSpec
from tests.deliveries.raw_home import Home, only
from tests.deliveries.raw_parquet import parquet

MARK = b"\xef\xbb\xbf"
VISITORS = "visitors/v.csv"


def visitors(home: Home, content: bytes, **changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "feed": "web_visitor_map",
        "system": "test",
        "pattern": "*",
        "format": "delimited",
        "columns": ["full_visitor_id", "client_id"],
        "business_date": "run",
        "delivery": "snapshot",
    }
    home.feeds = {"web_visitor_map": FeedSpec.model_validate(base | changes)}
    home.deliver("v", content)
    return only(home.run("web_visitor_map"))


@pytest.mark.parametrize("content", [MARK, MARK + b"\n", MARK + b" \r\n\r\n"])
def test_a_byte_order_mark_alone_is_an_empty_file(home: Home, content: bytes) -> None:
    assert visitors(home, content)["reason"] == "empty: blank lines alone"


@pytest.mark.parametrize(
    ("content", "how"),
    [
        (MARK + b"\na,1\nb,2\n", {}),
        (MARK + b"\r\na,1\r\nb,2\r\n", {}),
        (MARK + b"\na,1\r\nb,2\n", {}),
        (MARK + b"\ra,1\rb,2\r", {}),
        (MARK + b"\nfull_visitor_id,client_id\na,1\nb,2\n", {"header": True}),
        (gzip.compress(MARK + b"\na,1\nb,2\n", mtime=0), {"compression": "gzip"}),
        (
            gzip.compress(MARK[:1], mtime=0) + gzip.compress(MARK[1:] + b"\na,1\nb,2\n", mtime=0),
            {"compression": "gzip"},
        ),
        ("\ufeff\na,1\nb,2\n".encode("utf-16-le"), {"encoding": "utf-16-le"}),
    ],
)
def test_a_blank_line_after_a_byte_order_mark_is_no_record(
    home: Home, content: bytes, how: dict[str, Any]
) -> None:
    row = visitors(home, content, **how)
    assert (row["status"], row["records"], row["loaded"]) == ("loaded", 2, 2)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_text_that_needs_a_byte_order_mark_and_has_none_is_refused(
    home: Home, encoding: str
) -> None:
    row = visitors(home, "a,1\n".encode(f"{encoding}-le"), encoding=encoding)
    assert row["reason"] == f"not {encoding}: no byte-order mark"


def test_half_a_character_is_refused(home: Home) -> None:
    row = visitors(home, b"+2AA-,1\n", encoding="utf-7")
    assert row["reason"] == "not utf-7: a character that is half of one"


def test_a_parquet_column_may_be_named_as_the_engine_names_its_count(home: Home) -> None:
    path = home.landing_dir / "transactions/t.parquet"
    parquet(path, "(1, DATE '2024-05-01', 1), (2, DATE '2024-05-02', 2), (3, NULL, 3)")
    named = path.with_name("u.parquet")
    duckdb.execute(
        f"COPY (SELECT *, 9 AS \"File_Row_Number\" FROM '{path}') TO '{named}' (FORMAT parquet)"
    )
    path.unlink()
    deliveries = home.run("transaction")
    assert home.rows(deliveries, "line_no, trans_id") == [(1, 1), (2, 2)]
    assert home.quarantined(deliveries, "line_no, rule") == [(3, "date:not_null")]


@pytest.mark.parametrize("failure", [ValueError("secret"), OSError(28, "No space left on device")])
def test_any_failure_names_delivery_and_kind_and_no_value(
    home: Home, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fails(*_given: object) -> None:
        raise failure

    monkeypatch.setattr(parsing, "write_records", fails)
    home.deliver(VISITORS, "0123,5001\n")
    with pytest.raises(ParseError) as raised:
        home.run("web_visitor_map")
    why = str(raised.value)
    assert f"(web_visitor_map-000001: cannot be parsed: {type(failure).__name__}" in why
    assert "secret" not in why
    assert raised.value.__suppress_context__
    assert home.results() == {}


def test_content_that_is_gone_from_the_archive_fails_by_its_delivery(home: Home) -> None:
    home.deliver(VISITORS, "0123,5001\n")
    home.take_in()
    (receipt,) = home.ledger.receipts("web_visitor_map")
    Path(home.archive.path(receipt.sha256)).unlink()
    with pytest.raises(ParseError, match="web_visitor_map-000001: the archive holds no content"):
        home.settle("web_visitor_map")
