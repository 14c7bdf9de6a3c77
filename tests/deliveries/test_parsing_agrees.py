"""The engine's parsing agrees with Python's own, and loses nothing whatever comes."""

from __future__ import annotations

import ast
import csv
import io
import json
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer360_assets.deliveries.formats.delimited import split_sql
from customer360_assets.deliveries.formats.json_text import json_sql, object_sql, python_to_json_sql
from customer360_assets.feeds import FeedSpec
from tests.deliveries.raw_home import Home, only

QUICK = settings(max_examples=40, deadline=None)
LINE = st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), max_size=12)
FIELD = st.one_of(LINE, st.text(st.sampled_from(",\";' a1"), max_size=8))


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def each(engine: duckdb.DuckDBPyConnection, expression: str, lines: list[str]) -> list[Any]:
    rows = engine.execute(
        f"SELECT {expression} FROM (SELECT unnest(?) AS line, unnest(range(?)) AS i) ORDER BY i",
        [lines, len(lines)],
    ).fetchall()
    return [row[0] for row in rows]


@QUICK
@given(
    st.lists(st.lists(FIELD, min_size=2, max_size=5), min_size=1, max_size=20),
    st.sampled_from([",", ";", "|", "\t", "^", "."]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
)
def test_fields_are_those_of_the_csv_module(
    engine: duckdb.DuckDBPyConnection, records: list[list[str]], delimiter: str, quoting: Any
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerows(records)
    lines = text.getvalue().split("\n")[:-1]
    assert each(engine, split_sql("line", delimiter, '"'), lines) == records


@QUICK
@given(st.lists(st.text(st.sampled_from(',"ab'), min_size=1, max_size=12), min_size=1, max_size=30))
def test_odd_quotes_are_read_as_the_csv_module_does_or_not_at_all(
    engine: duckdb.DuckDBPyConnection, lines: list[str]
) -> None:
    for line, fields in zip(lines, each(engine, split_sql("line", ",", '"'), lines), strict=True):
        reader = csv.reader([line + "\n", "next\n"])
        expected = next(reader)
        unclosed = reader.line_num == 2
        assert fields == (None if unclosed else expected), line


def test_without_a_quote_character_quotes_are_text(engine: duckdb.DuckDBPyConnection) -> None:
    assert each(engine, split_sql("line", ",", ""), ['"a,b",c']) == [['"a', 'b"', "c"]]


VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.text(st.sampled_from("'\"\\\n\t{}:,aNone\x01\x7fé😀"), max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
RECORD = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6), VALUE, max_size=5
)


def same(found: Any, expected: Any) -> bool:
    """Compare; a long real is kept as text and stands for the number that it spells."""
    if isinstance(expected, dict):
        return (
            isinstance(found, dict)
            and found.keys() == expected.keys()
            and all(same(found[k], v) for k, v in expected.items())
        )
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(expected, float) and isinstance(found, str):
        return float(found) == expected
    return type(found) is type(expected) and bool(found == expected)


@QUICK
@given(st.lists(RECORD, min_size=1, max_size=10))
def test_python_literals_become_the_values_that_python_reads(
    engine: duckdb.DuckDBPyConnection, records: list[dict[str, Any]]
) -> None:
    lines = [repr(record) for record in records]
    found = each(engine, object_sql(python_to_json_sql("line")), lines)
    for line, text in zip(lines, found, strict=True):
        assert text is not None, line
        assert same(json.loads(text), ast.literal_eval(line)), line


@pytest.mark.parametrize(
    "body",
    [r"\x41\u00e9\U0001F600", r"\101\0\7", r"\a\b\f\v\n\r\t\\\'\"", 'it\\\'s "so"', r"\d\ ", "\t"],
)
def test_python_escapes(engine: duckdb.DuckDBPyConnection, body: str) -> None:
    line = "{'a': '" + body + "'}"
    (text,) = each(engine, object_sql(python_to_json_sql("line")), [line])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert json.loads(text) == ast.literal_eval(line)


@QUICK
@given(st.lists(st.text(st.sampled_from("{}[]:,'\"\\ aN1-.eTrue"), max_size=14), min_size=1))
def test_what_python_cannot_read_is_never_read(
    engine: duckdb.DuckDBPyConnection, lines: list[str]
) -> None:
    for line, text in zip(
        lines, each(engine, object_sql(python_to_json_sql("line")), lines), strict=True
    ):
        if text is not None:
            assert same(json.loads(text), ast.literal_eval(line)), line


@QUICK
@given(st.lists(RECORD, min_size=1, max_size=10))
def test_json_keeps_its_values(
    engine: duckdb.DuckDBPyConnection, records: list[dict[str, Any]]
) -> None:
    lines = [json.dumps(record) for record in records]
    for line, text in zip(lines, each(engine, json_sql("line"), lines), strict=True):
        assert same(json.loads(text), json.loads(line))


ORDER = ["full_visitor_id", "client_id"]
SPECS: list[dict[str, Any]] = [
    {"format": "delimited", "columns": ORDER},
    {"format": "delimited", "columns": ORDER, "quote": ""},
    {"format": "json_lines"},
    {"format": "python_lines"},
    {
        "format": "delimited",
        "header": True,
        "targets": {"full_visitor_id": {"from": "a"}, "client_id": {"from": "b"}},
    },
]
NEAR = st.sampled_from(
    [
        b"01,1\n",
        b'"0,2",3\r\n',
        b"\n",
        b"a,b,c\n",
        b'"x,1\n',
        b"{'full_visitor_id': 'a', ",
        b"'client_id': 1}\n",
        b'{"full_visitor_id":"a","client_id":1}\n',
        b"a,b\n",
        b"\r",
        b" ",
        b"\\",
    ]
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(NEAR, st.binary(max_size=6)), max_size=12).map(b"".join),
    st.sampled_from(SPECS),
)
def test_garbage_is_conserved_or_refused(content: bytes, how: dict[str, Any]) -> None:
    base = {
        "feed": "web_visitor_map",
        "system": "test",
        "pattern": "*",
        "business_date": "run",
        "delivery": "snapshot",
    }
    with tempfile.TemporaryDirectory() as root:
        home = Home(Path(root), {"web_visitor_map": FeedSpec.model_validate(base | how)})
        home.deliver("f", content)
        deliveries = home.run("web_visitor_map")
        row = only(deliveries)
        loaded, kept = home.rows(deliveries, "line_no"), home.quarantined(deliveries, "line_no")
    if row["status"] == "refused":
        assert row["reason"]
        assert loaded == kept == []
        return
    text = content.removeprefix(b"\xef\xbb\xbf")
    physical = text.split(b"\n") if b"\n" in text else text.split(b"\r")
    filled = [i for i, line in enumerate(physical, start=1) if line.strip(b" \t\r")]
    if how.get("header"):
        del filled[0]
    assert sorted(r[0] for r in loaded + kept) == filled
    assert len(filled) == row["records"]
