"""What is taken out of a column once for all uses is what each use alone would give."""

from __future__ import annotations

import pytest

from resources.dialect.athena_sql import to_duckdb
from resources.embedded.duckdb_engine import DuckDbEngine

DOCUMENTS = [
    '{"a":"x"}', '{"a":7,"b":{"c":true}}', '{"a":null}', '{"a":{"b":1}}', '{"a":[1]}', "{}",
    '{"a":"{not nested}"}', '{"a":"[neither"}', '{"a":"q\\"uote"}', '{"a":1.50}', '{"a":""}',
    "[1, 2]", '"a"', "null", "{bad", "", '{"b":{"c":"[deep]"}}', '{"b":"flat"}',
]  # fmt: skip
PATHS = ["$.a", "$.b.c", "$.a[0]", "$"]


def literal(text: str | None) -> str:
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


def test_paths_out_of_a_column_are_those_out_of_each_document() -> None:
    documents = [*DOCUMENTS, None]
    values = ", ".join(f"({i}, {literal(d)})" for i, d in enumerate(documents))
    columns = ", ".join(f"json_extract_scalar(t.doc, '{p}') AS p{i}" for i, p in enumerate(PATHS))
    alike = DuckDbEngine().query(
        f"SELECT t.n, {columns} FROM (VALUES {values}) AS t (n, doc) WHERE t.n >= 0 ORDER BY t.n"
    )
    alone = ", ".join(
        f"json_extract_scalar({literal(d)}, '{p}') AS d{n}_p{i}"
        for n, d in enumerate(documents)
        for i, p in enumerate(PATHS)
    )
    expected = DuckDbEngine().one(f"SELECT {alone}")
    for n, row in enumerate(alike.to_pylist()):
        for i in range(len(PATHS)):
            assert row[f"p{i}"] == expected[f"d{n}_p{i}"], (documents[n], PATHS[i])


def test_a_list_beside_its_row_is_unnested_without_a_join() -> None:
    rows = (
        '(1, \'[{"v":"a"}, {"v":"b"}]\'), (2, \'[]\'), (3, NULL), (4, \'{}\'), (5, \'[{"v":"c"}]\')'
    )
    unnested = (
        "WITH t AS (SELECT s.n, TRY_CAST(json_parse(s.doc) AS array(json)) AS items"
        f" FROM (VALUES {rows}) AS s (n, doc))"
        " SELECT t.n, u.place, json_extract_scalar(u.item, '$.v') AS v FROM t"
        " CROSS JOIN UNNEST(t.items) WITH ORDINALITY AS u (item, place)"
        " WHERE t.n <> 9 ORDER BY t.n, u.place"
    )
    assert "JOIN" not in to_duckdb(unnested)
    found = [tuple(row.values()) for row in DuckDbEngine().query(unnested).to_pylist()]
    assert found == [(1, 1, "a"), (1, 2, "b"), (5, 1, "c")]


@pytest.mark.parametrize(
    "text",
    [
        # A column without its table could be the list's: nothing is moved.
        "SELECT n, u.item FROM t CROSS JOIN UNNEST(t.items) AS u (item)",
        "SELECT t.n, u.item FROM t LEFT JOIN UNNEST(t.items) AS u (item) ON TRUE",
    ],
)
def test_other_lists_stay_joins(text: str) -> None:
    assert "JOIN" in to_duckdb(text)


def test_trim_of_a_column_takes_away_what_trim_of_a_text_does() -> None:
    texts = [" a ", "a", "\tb\n", "\u2003c\u2003", "d\u00a0", "", "   ", "e f", "\u00e9", " \u00e9"]
    values = ", ".join(f"({i}, '{t}')" for i, t in enumerate(texts))
    found = DuckDbEngine().query(
        f"SELECT trim(t.x) AS x FROM (VALUES {values}) AS t (n, x) ORDER BY t.n"
    )
    each = ", ".join(f"trim('{t}') AS t{i}" for i, t in enumerate(texts))
    assert found["x"].to_pylist() == list(DuckDbEngine().one(f"SELECT {each}").values())
    assert found["x"].to_pylist()[:5] == ["a", "a", "b", "c", "d\u00a0"]
