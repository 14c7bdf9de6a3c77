"""Column lineage of tricky SQL by hand, and of every file: no output column without a source."""

from __future__ import annotations

from pathlib import Path

import pytest

from customer360_assets.contracts import contract
from resources.dialect.athena_sql import parse, tables
from resources.dialect.column_lineage import PARAMETER, column_lineage

SQL = sorted((Path(__file__).parents[2] / "sql").rglob("*.sql"))
SCHEMAS = {
    "stage.card": ["business_date", "card_token", "disp_id", "type"],
    "stage.disposition": ["business_date", "disp_id", "client_id"],
    "raw.ga": ["business_date", "hits", "visit_id"],
}
CARD_ROWS = ("stage.card", "business_date")

CASES: dict[str, tuple[str, dict[str, list[tuple[str, str]]]]] = {
    "cte and alias": (
        "WITH a AS (SELECT disp_id AS d, upper(type) AS t FROM stage.card) SELECT d, t FROM a",
        {"d": [("stage.card", "disp_id")], "t": [("stage.card", "type")]},
    ),
    "cte shadows a name": (
        "WITH card AS (SELECT client_id AS type FROM stage.disposition) SELECT type FROM card",
        {"type": [("stage.disposition", "client_id")]},
    ),
    "join, case and coalesce": (
        "SELECT coalesce(c.type, CASE WHEN d.client_id > 1 THEN 'x' END) AS t FROM stage.card AS c "
        "LEFT JOIN stage.disposition AS d ON c.disp_id = d.disp_id",
        {"t": [("stage.card", "type"), ("stage.disposition", "client_id")]},
    ),
    "union": (
        "SELECT disp_id AS k FROM stage.card UNION ALL SELECT client_id FROM stage.disposition",
        {"k": [("stage.card", "disp_id"), ("stage.disposition", "client_id")]},
    ),
    "union of ctes with column names": (
        "WITH u (k, n) AS (SELECT disp_id, 1 FROM stage.card UNION SELECT client_id, 2 "
        "FROM stage.disposition) SELECT k, n FROM u",
        {"k": [("stage.card", "disp_id"), ("stage.disposition", "client_id")], "n": []},
    ),
    "unnest with ordinality": (
        "SELECT h.n, json_extract_scalar(h.hit, '$.x') AS x FROM raw.ga AS g CROSS JOIN "
        "UNNEST(CAST(json_parse(g.hits) AS array(json))) WITH ORDINALITY AS h (hit, n)",
        {"n": [("raw.ga", "hits")], "x": [("raw.ga", "hits")]},
    ),
    "window": (
        "SELECT row_number() OVER (PARTITION BY disp_id ORDER BY type) AS r, "
        "count(*) OVER (PARTITION BY type) AS n, count(*) OVER () AS m FROM stage.card",
        {
            "r": [("stage.card", "disp_id"), ("stage.card", "type")],
            "n": [("stage.card", "type")],
            "m": [CARD_ROWS],
        },
    ),
    "count of rows": (
        "SELECT count(*) AS n, sum(1) AS s FROM stage.card",
        {"n": [CARD_ROWS], "s": [CARD_ROWS]},
    ),
    "count of a cte's rows": (
        "WITH a AS (SELECT type FROM stage.card WHERE type = 'x') SELECT count(*) AS n FROM a",
        {"n": [CARD_ROWS]},
    ),
    "cross join of the parameter": (
        "WITH as_of AS (SELECT CAST(? AS date) AS business_date) "
        "SELECT as_of.business_date, 1 AS one, "
        "date_diff('day', c.business_date, as_of.business_date) AS days "
        "FROM stage.card AS c CROSS JOIN as_of",
        {"business_date": [PARAMETER], "days": [PARAMETER, CARD_ROWS], "one": []},
    ),
    "scalar subquery of the row around it": (
        "SELECT (SELECT max(c.type) FROM stage.card AS c WHERE c.disp_id = d.disp_id) AS t, "
        "EXISTS (SELECT 1 FROM stage.card AS c WHERE c.disp_id = d.disp_id) AS e "
        "FROM stage.disposition AS d",
        {"t": [("stage.card", "type")], "e": [CARD_ROWS]},
    ),
    "star of a subquery": (
        "SELECT q.* FROM (SELECT type, disp_id FROM stage.card) AS q",
        {"type": [("stage.card", "type")], "disp_id": [("stage.card", "disp_id")]},
    ),
    "filter is no source": (
        "SELECT sum(disp_id) FILTER (WHERE type = 'x') AS s FROM stage.card WHERE card_token > 'a'",
        {"s": [("stage.card", "disp_id"), ("stage.card", "type")]},
    ),
    "values": (
        "SELECT v.label, c.type FROM stage.card AS c JOIN (VALUES ('a', 'b')) AS v (code, label) "
        "ON v.code = c.type",
        {"label": [], "type": [("stage.card", "type")]},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_lineage(name: str) -> None:
    sql, expected = CASES[name]
    assert column_lineage(sql, SCHEMAS) == {k: sorted(v) for k, v in expected.items()}


def test_unknown_column_is_named() -> None:
    with pytest.raises(LookupError, match=r"c\.nope|nope"):
        column_lineage("SELECT nope FROM stage.card", SCHEMAS)


def is_constant(sql: str, column: str) -> bool:
    from sqlglot import exp

    made = next(e for e in parse(sql).selects if e.alias_or_name.lower() == column)
    return made.find(exp.Column) is None


@pytest.mark.parametrize("path", SQL, ids=lambda p: p.stem)
def test_every_column_of_a_file_has_a_source(path: Path) -> None:
    sql = path.read_text(encoding="utf-8")
    schemas = {name: [c.name for c in contract(name).columns] for name in tables(sql)}
    lineage = column_lineage(sql, schemas)
    orphans = [c for c, sources in lineage.items() if not sources and not is_constant(sql, c)]
    assert orphans == []
