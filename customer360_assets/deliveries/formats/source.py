"""Delivered bytes as a query of records: one column per field, whatever the format."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from customer360_assets.contracts.contract import Contract
from customer360_assets.deliveries.formats.delimited import (
    escapes_sql,
    split_sql,
    within_quotes_sql,
)
from customer360_assets.deliveries.formats.errors import PARQUET, RefusedError, not_parquet
from customer360_assets.deliveries.formats.expansion import refuse_expanded
from customer360_assets.deliveries.formats.hints import ARRAY, looks_like
from customer360_assets.deliveries.formats.joined import place_sql
from customer360_assets.deliveries.formats.json_text import (
    json_sql,
    keys_sql,
    nested_keys_sql,
    object_sql,
    python_to_json_sql,
    repeats_key_sql,
)
from customer360_assets.deliveries.formats.sql_text import literal, literals, name, not_blank
from customer360_assets.deliveries.formats.text import Text, verified
from customer360_assets.deliveries.formats.truncation import LastLine
from customer360_assets.feeds.spec import FeedSpec

if TYPE_CHECKING:
    import duckdb

NAMED = 20
IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]{0,63}"
UNCLOSED = "record:quote"
WITHIN = "__within_quotes"


@dataclass(frozen=True)
class Quoted:
    """What a file with an unclosed quote needs: lines that are parts of a record are none.

    within: a query of their __line_no, to be kept as table WITHIN. sql: that of the source, with
    these lines unread.
    """

    within: str
    sql: str


@dataclass(frozen=True)
class Source:
    """A query of __line_no, __record, __form and the fields that the targets read.

    records: counted apart from the query. types: fields that are not text. last: the line that no
    line break ends, if any. hint: what the text looks like, should no record fit. extras: a query
    of a row for each text that has fields unknown to the specification: its place among joined
    ones, the names that can be shown, and their number.
    """

    sql: str
    records: int
    quoted: Quoted | None = None
    notes: tuple[str, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    last: LastLine | None = None
    hint: str | None = None
    extras: str | None = None


def text_source(
    text: Text, spec: FeedSpec, contract: Contract, connection: duckdb.DuckDBPyConnection
) -> Source:
    """Return the records of delimited, JSON or Python-literal lines; raises RefusedError."""
    if spec.format != "delimited":
        return _json_source(text, spec, contract)
    if spec.header:
        head, order, notes = _header(text, spec, contract, connection)
    else:
        head, order, notes = 0, list(spec.columns), ()
    at = {c.casefold(): i for i, c in enumerate(order, start=1)}
    fields = "".join(
        f", {_field(at[f.casefold()], len(order))} AS {name(f)}" for f in spec.fields(contract)
    )
    split = split_sql("__record", spec.delimiter, spec.quote)
    lines = (
        f"SELECT __line_no, __record, {split} AS __fields FROM ({text.sql()})"
        f" WHERE __line_no > {head} AND {not_blank('__record')}"
    )
    form = (
        f"CASE WHEN __fields IS NULL THEN {literal(UNCLOSED)}"
        f" WHEN {escapes_sql('__record', '__fields', spec.quote)} THEN 'record:escape'"
        f" WHEN len(__fields) <> {len(order)} THEN 'record:column_count' END"
    )
    judged = f"SELECT __line_no, __record, {form} AS __form{fields}"
    quoted = None
    if spec.quote:
        apart = "CASE WHEN w.__line_no IS NULL THEN l.__fields END AS __fields"
        quoted = Quoted(
            within_quotes_sql(lines, spec.delimiter, spec.quote),
            f"{judged} FROM (SELECT l.__line_no, l.__record, {apart}"
            f" FROM ({lines}) AS l LEFT JOIN {WITHIN} AS w ON l.__line_no = w.__line_no)",
        )
    return Source(
        sql=f"{judged} FROM ({lines})",
        records=text.lines.records - (1 if spec.header else 0),
        quoted=quoted,
        notes=notes,
        last=_last_line(text, lines, order, spec, contract),
        hint=looks_like(text, spec),
    )


def _field(position: int, count: int) -> str:
    # A line of another width has no field that its position identifies.
    return f"CASE WHEN len(__fields) = {count} THEN __fields[{position}] END"


def _last_line(
    text: Text, lines: str, order: Sequence[str], spec: FeedSpec, contract: Contract
) -> LastLine | None:
    if text.last_line is None:
        return None
    filled = {
        column.name: column.type
        for column, target in spec.sources(contract)
        if order[-1].casefold() in (f.casefold() for f in target.fields())
    }
    dates = None
    if {"date", "timestamp"} & set(filled.values()):
        field, nulls = "trim(__fields[-1])", literals(("", *(n.strip() for n in spec.nulls)))
        given = f"CASE WHEN {field} NOT IN ({nulls}) THEN {field} END"
        dates = f"SELECT __line_no, {given} AS text FROM ({lines})"
    return LastLine(text.last_line, lines, len(order), frozenset(filled), dates)


def _header(
    text: Text, spec: FeedSpec, contract: Contract, connection: duckdb.DuckDBPyConnection
) -> tuple[int, list[str], tuple[str, ...]]:
    split = split_sql("__record", spec.delimiter, spec.quote)
    found = connection.execute(
        f"SELECT __line_no, {split} FROM ({text.sql()}) WHERE {not_blank('__record')} LIMIT 1"
    ).fetchone()
    if found is None or found[1] is None:
        raise RefusedError("the header cannot be read: a quote is not closed")
    order = [str(f).strip() for f in found[1]]
    folded = [c.casefold() for c in order]
    needed = {f.casefold(): f for f in spec.fields(contract)}
    if missing := [f for key, f in needed.items() if key not in folded]:
        raise RefusedError(f"the header lacks {', '.join(missing)}")
    if any(folded.count(key) > 1 for key in needed):
        raise RefusedError("the header names a column twice")
    known = {c.casefold() for c in spec.columns} | set(needed)
    return int(found[0]), order, extra_notes(c for c in order if c.casefold() not in known)


def extra_notes(names: Iterable[str]) -> tuple[str, ...]:
    """Return the note on delivered fields that the specification does not know."""
    unknown = set(names)
    shown = sorted(n for n in unknown if re.fullmatch(IDENTIFIER, n))[:NAMED]
    return extra_note(shown, len(unknown))


def extra_note(names: Sequence[str], count: int) -> tuple[str, ...]:
    """Return the note on `count` unknown fields, of which `names` can be shown.

    A name of another shape, or one of very many, may be a value: a file keyed by address.
    """
    shown = [*names, *([f"{count - len(names):,} more"] if count > len(names) else [])]
    return (f"fields not in the specification: {', '.join(shown)}",) if count else ()


def _json_source(text: Text, spec: FeedSpec, contract: Contract) -> Source:
    hint = looks_like(text, spec)
    if hint == ARRAY:
        raise RefusedError(hint)
    fields = spec.fields(contract)
    lines = f"SELECT * FROM ({text.sql()}) WHERE {not_blank('__record')}"
    nested = _nested(spec, contract)
    if spec.format == "json_lines":
        rule, text_column, converted = "record:json", "__record", lines
        objects = json_sql("__record", "__keys")
        names = f"SELECT __line_no, unnest({keys_sql('__record')}) AS k FROM ({lines})"
    else:
        rule, text_column = "record:python_literal", "__text"
        converted = f"SELECT *, {python_to_json_sql('__record')} AS __text FROM ({lines})"
        objects = object_sql("__text", "__keys")
        names = f"SELECT __line_no, unnest({keys_sql('__text')}) AS k FROM ({converted})"
    keyed = f"SELECT *, {nested_keys_sql(text_column, nested)} AS __keys FROM ({converted})"
    objects = f"SELECT *, {objects} AS __json FROM ({keyed})"
    paths = literals("$." + name(f) for f in fields)
    values = f"SELECT *, json_extract_string(__json, [{paths}]) AS __values FROM ({objects})"
    columns = "".join(f", __values[{i}] AS {name(f)}" for i, f in enumerate(fields, start=1))
    known = literals({*fields, *spec.columns})
    return Source(
        sql=(
            f"SELECT __line_no, __record, CASE WHEN __json IS NULL THEN {literal(rule)}"
            f" WHEN {repeats_key_sql('__keys')} THEN 'record:repeated_key' END"
            f" AS __form{columns} FROM ({values})"
        ),
        records=text.lines.records,
        last=LastLine(text.last_line) if text.last_line is not None else None,
        hint=hint,
        extras=(
            f"SELECT place, min(k, {NAMED}) FILTER (regexp_full_match(k, {literal(IDENTIFIER)})),"
            f" count(*) FROM (SELECT DISTINCT {place_sql('__line_no')} AS place, k FROM ({names})"
            f" WHERE k NOT IN ({known})) GROUP BY place"
        ),
    )


def _nested(spec: FeedSpec, contract: Contract) -> tuple[str, ...]:
    """Return the fields that may hold an object: no other type than text can take one."""
    texts = (
        target.fields()
        for column, target in spec.sources(contract)
        if column.type == "varchar" or target.expression is not None
    )
    return tuple(dict.fromkeys(f for fields in texts for f in fields))


def parquet_source(
    content: Path,
    sha256: str,
    spec: FeedSpec,
    contract: Contract,
    connection: duckdb.DuckDBPyConnection,
) -> Source:
    """Return the rows of a Parquet file; line_no is the row's number from 1, or RefusedError."""
    import duckdb

    start = b""
    for chunk in verified(content, sha256):
        start = start or chunk
    if not start:
        raise RefusedError("empty: 0 bytes")
    if not start.startswith(PARQUET):
        raise RefusedError(not_parquet(start))
    path = literal(str(content))
    try:
        counted = connection.execute(f"SELECT sum(num_rows) FROM parquet_file_metadata({path})")
        records = int((counted.fetchone() or (0,))[0] or 0)
        sizes = "sum(greatest(total_uncompressed_size, num_values))"
        expanded = connection.execute(f"SELECT {sizes} FROM parquet_metadata({path})").fetchone()
        refuse_expanded(int((expanded or (0,))[0] or 0), spec)
        described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({path})").fetchall()
        columns = _top_columns(path, connection)
        # Reads every page: a damaged one would else show only when rows are half written.
        connection.execute(f"SELECT bit_xor(hash(t)) FROM read_parquet({path}) AS t")
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        raise RefusedError("truncated or damaged Parquet") from None
    # The engine renames a column whose name another has in other letters.
    twins: dict[str, list[str]] = {}
    for column in columns:
        twins.setdefault(column.casefold(), []).append(column)
    delivered = {
        column.casefold(): (str(row[0]), str(row[1]))
        for column, row in zip(columns, described, strict=True)
    }
    needed = spec.fields(contract)
    if missing := [f for f in needed if f.casefold() not in delivered]:
        raise RefusedError(f"the file lacks {', '.join(missing)}")
    if several := [" and ".join(t) for f in needed if len(t := twins[f.casefold()]) > 1]:
        raise RefusedError(f"columns differ only in case: {', '.join(several)}")
    known = {c.casefold() for c in (*spec.columns, *needed)}
    types = {f: delivered[f.casefold()][1] for f in needed}
    fields = "".join(f", {name(delivered[f.casefold()][0])} AS {name(f)}" for f in needed)
    row = ", ".join(f"{name(c)} := {name(c)}" for c, *_ in described)
    numbered, number = "file_row_number + 1", ", file_row_number = true"
    if "file_row_number" in delivered:
        # The engine has no name left for its own count; rows come in the order of the file.
        numbered, number = "row_number() OVER ()", ""
    return Source(
        sql=(
            f"SELECT {numbered} AS __line_no,"
            f" CAST(to_json(struct_pack({row})) AS VARCHAR) AS __record,"
            f" CAST(NULL AS VARCHAR) AS __form{fields}"
            f" FROM read_parquet({path}{number})"
        ),
        records=records,
        notes=extra_notes(c for c in columns if c.casefold() not in known),
        types=types,
    )


def _top_columns(path: str, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the names of a Parquet file's columns as the file has them."""
    listed = connection.execute(f"SELECT name, num_children FROM parquet_schema({path})").fetchall()
    columns, within = [], 0
    for column, children in listed[1:]:
        if not within:
            columns.append(str(column))
        within += (children or 0) - (1 if within else 0)
    return columns
