"""The text of a query of the emulated Athena, turned over to DuckDB."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from resources.dialect.athena_sql import parse, to_duckdb
from tests.aws.emulation.athena_back_end import Answer
from tests.aws.emulation.athena_failure import Failure, failure_of
from tests.aws.emulation.athena_tables import Reference, Tables
from tests.aws.emulation.athena_text import COMMENTS, EXPLAIN, UNLOAD, one_column, unload, unloading

if TYPE_CHECKING:
    import duckdb

_NAME = r'(?:"[^"]+"|\w+)'
_INSERT = re.compile(
    rf"INSERT\s+INTO\s+({_NAME}\.{_NAME}|{_NAME})\s*(\(\s*{_NAME}(?:\s*,\s*{_NAME})*\s*\))?(.*)",
    re.IGNORECASE | re.DOTALL,
)
_VERSION = re.compile(r"\s+FOR\s+VERSION\s+AS\s+OF\s+(\d+)", re.IGNORECASE)
_DAY = r"DATE\s+'(\d{4}-\d\d-\d\d)'"
_DATES = re.compile(
    rf"\s+WHERE(?:\s+business_date >= {_DAY})?(?:\s+AND)?(?:\s+business_date <= {_DAY})?\)"
)
# Trino compares no text with a number, whatever the text says; DuckDB reads the text.
_COMPARED = re.compile(r'((?:TRY_)?CAST\(("\w+") AS [^()]+(?:\([^()]*\))?\)) = \2')
MACROS = (
    """CREATE MACRO kind_of_type(t) AS CASE
        WHEN t LIKE 'DECIMAL%' OR t LIKE '%INT%' OR t IN ('DOUBLE', 'FLOAT') THEN 'number'
        WHEN t = 'DATE' OR t LIKE 'TIMESTAMP%' THEN 'time'
        WHEN t = '"NULL"' THEN NULL ELSE t END""",
    """CREATE MACRO comparable(a, b) AS CASE
        WHEN kind_of_type(typeof(a)) <> kind_of_type(typeof(b))
        THEN error('TYPE_MISMATCH: line 1:1: Cannot apply operator: ' || typeof(a) || ' = '
        || typeof(b)) ELSE true END""",
)


def check(sql: str) -> None:
    """Raise ValueError for a text that Athena would not take at all."""
    bare = COMMENTS.sub("", sql)
    for wrapped in (UNLOAD, EXPLAIN):
        if found := wrapped.fullmatch(bare):
            bare = found[1]
    parse(bare)


def answer(db: duckdb.DuckDBPyConnection, sql: str, database: str, tables: Tables) -> Answer:
    """Run a query; Failure when it fails."""
    import duckdb

    bare = COMMENTS.sub("", sql)
    try:
        for macro in MACROS:
            db.execute(macro)
        if found := UNLOAD.fullmatch(bare):
            return _unload(db, found, database, tables)
        if found := EXPLAIN.fullmatch(bare):
            text, _ = _resolved(db, found[1], database, tables)
            plan = db.execute(f"EXPLAIN {to_duckdb(text)}").fetchall()[0][1]
            return Answer(one_column("Query Plan", plan.splitlines()), kind="UTILITY")
        if found := _INSERT.fullmatch(bare):
            return _insert(db, found, database, tables)
        return _select(db, bare, database, tables)
    except duckdb.Error as error:
        failure = failure_of(error)
    except ValueError as error:
        failure = Failure(f"SYNTAX_ERROR: line 1:1: {error}")
    raise failure


def _select(db: duckdb.DuckDBPyConnection, sql: str, database: str, tables: Tables) -> Answer:
    from sqlglot import exp

    if not isinstance(parse(sql), exp.Query):
        raise Failure("NOT_SUPPORTED: this emulation runs SELECT, INSERT INTO, UNLOAD and EXPLAIN")
    text, scanned = _resolved(db, sql, database, tables)
    duck = to_duckdb(text)
    described = db.execute(f"DESCRIBE {duck}").fetchall()
    # Trino's sums of integers are bigint, its counts too.
    wide = [f'CAST("{n}" AS BIGINT) AS "{n}"' for n, kind, *_ in described if kind == "HUGEINT"]
    source = f"SELECT * REPLACE ({', '.join(wide)}) FROM ({duck}) AS result" if wide else duck
    return Answer(db.execute(source).to_arrow_table(), scanned)


def _insert(
    db: duckdb.DuckDBPyConnection, found: re.Match[str], database: str, tables: Tables
) -> Answer:
    names = [part.strip('"') for part in re.findall(_NAME, found[1])]
    target = Reference(names[0] if len(names) > 1 else database, names[-1])
    into = tables.load(target)
    made = _select(db, found[3], database, tables)
    columns = (
        [part.strip('"') for part in re.findall(_NAME, found[2])]
        if found[2]
        else into.schema().column_names
    )
    if len(columns) != made.rows.num_columns:
        raise Failure("TYPE_MISMATCH: line 1:1: Insert query has a different number of columns")
    tables.append(target, made.rows.rename_columns(columns))
    return Answer(one_column("rows", []), made.scanned)


def _unload(
    db: duckdb.DuckDBPyConnection, found: re.Match[str], database: str, tables: Tables
) -> Answer:
    made = _select(db, unloading(found, tables.s3()), database, tables)
    unload(made.rows, found[2], tables.s3())
    return Answer(one_column("rows", []), made.scanned)


def _resolved(
    db: duckdb.DuckDBPyConnection, sql: str, database: str, tables: Tables
) -> tuple[str, int]:
    """Return the text over views of its tables, and the bytes of their files."""
    import sqlglot
    from sqlglot import exp

    tree = sqlglot.parse_one(sql, read="athena")
    own = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    views: dict[Reference, str] = {}
    edits, scanned = [], 0
    for table in tree.find_all(exp.Table):
        schema, name = table.args.get("db"), table.this
        if not isinstance(name, exp.Identifier) or (not schema and name.name.lower() in own):
            continue
        end = name.meta["end"] + 1
        version = _VERSION.match(sql, end)
        end = version.end() if version else end
        dates = _DATES.match(sql, end)
        reference = Reference(
            schema.name if schema else database,
            name.name,
            int(version[1]) if version else None,
            (dates[1], dates[2]) if dates else (None, None),
        )
        if reference not in views:
            view = f"table_{len(db.execute('SHOW TABLES').fetchall())}"
            scanned += tables.view(db, view, reference)
            views[reference] = view
        alias = "" if table.alias else f' AS "{name.name}"'
        edits.append(((schema or name).meta["start"], end, f'"{views[reference]}"{alias}'))
    for start, end, new in sorted(edits, reverse=True):
        sql = f"{sql[:start]}{new}{sql[end:]}"
    return _COMPARED.sub(r"(comparable(\1, \2) AND \1 = \2)", sql), scanned
