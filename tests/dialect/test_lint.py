"""What the lint refuses, by rule, and what it lets pass."""

from __future__ import annotations

import subprocess
import sys

import pytest

from resources.dialect.athena_sql import lint, parameters, parse, tables, to_duckdb

GOOD = """
WITH as_of AS (SELECT CAST(? AS date) AS business_date)
SELECT
    a.account_id,
    CAST(CAST(sum(a.amount) AS double) / NULLIF(count(a.amount), 0) AS decimal(18, 2)) AS average,
    row_number() OVER (PARTITION BY a.account_id ORDER BY max(a.line_no)) AS n
FROM stage.transaction AS a
CROSS JOIN as_of
GROUP BY a.account_id, as_of.business_date
"""

REFUSED = {
    "function": [
        "SELECT avg(x) AS a FROM t",
        "SELECT max_by(x, y) AS a FROM t",
        "SELECT now() AS a",
        "SELECT current_date AS a",
        "SELECT random() AS a",
        "SELECT approx_distinct(x) AS a FROM t",
        "SELECT list_sum(x) AS a FROM t",
    ],
    "order": [
        "SELECT row_number() OVER (PARTITION BY x) AS n FROM t",
        "SELECT lag(x) IGNORE NULLS OVER (PARTITION BY y) AS n FROM t",
        "SELECT array_agg(x) AS a FROM t",
    ],
    "star": [
        "SELECT * FROM t",
        "WITH a AS (SELECT x FROM t) SELECT a.* FROM a",
        "SELECT x FROM t UNION ALL SELECT * FROM u",
    ],
    "limit": ["SELECT x FROM t LIMIT 5", "SELECT x FROM (SELECT x FROM t LIMIT 5) AS u"],
    "division": [
        "SELECT x / NULLIF(y, 0) AS d FROM t",
        "SELECT CAST(x AS double) / y AS d FROM t",
        "SELECT CAST(x AS double) / CAST(y AS double) AS d FROM t",
        "SELECT CAST(x AS double) / 0 AS d FROM t",
        "SELECT mod(x, y) AS d FROM t",
        "SELECT x % y AS d FROM t",
        "SELECT CAST(1 AS decimal(18, 2)) / NULLIF(CAST(y AS decimal(18, 2)), 0) AS d FROM t",
    ],
    "select": [
        "CREATE TABLE a AS SELECT x FROM t",
        "INSERT INTO a SELECT x FROM t",
        "DROP TABLE a",
    ],
    "type": [
        "SELECT CAST(x AS timestamp) AS a FROM t",
        "SELECT CAST(x AS timestamp(3)) AS a FROM t",
        "SELECT CAST(x AS decimal) AS a FROM t",
        "SELECT CAST(x AS varchar(3)) AS a FROM t",
        "SELECT CAST(x AS char(3)) AS a FROM t",
        "SELECT CAST(x AS real) AS a FROM t",
        "SELECT CAST(x AS array(varchar)) AS a FROM t",
        "SELECT stddev_samp(x) AS a FROM t",
        "SELECT CAST(json_parse(x) AS varchar) AS a FROM t",
        "SELECT CAST(round(x, 1) AS varchar) AS a FROM t",
        "SELECT TRY_CAST(json_extract(x, '$.a') AS bigint) AS a FROM t",
    ],
    "null": [
        "SELECT json_extract_scalar(NULL, '$.a') AS a FROM t",
        "SELECT substr(NULL, 1) AS a FROM t",
        "SELECT date_trunc('day', NULL) AS a FROM t",
        "SELECT date_add('day', x, NULL) AS a FROM t",
        "SELECT sum(NULL) AS a FROM t",
        "SELECT concat(NULL, NULL) AS a FROM t",
        "SELECT NULL || NULL AS a FROM t",
        "SELECT NULL + NULL AS a FROM t",
    ],
    "sum": ["SELECT sum(CAST(x AS double)) AS a FROM t"],
    "interval": ["SELECT x + INTERVAL '1' DAY AS a FROM t"],
    "time_zone": [
        "SELECT from_unixtime(x) AS a FROM t",
        "SELECT x AT TIME ZONE 'Europe/Berlin' AS a FROM t",
        "SELECT TRY_CAST(x AS timestamp(6)) AS a FROM t",
        "SELECT TRY_CAST(replace(x, 'T', ' ') AS timestamp(6)) AS a FROM t",
        "SELECT CAST('2024-01-05 10:00:00 UTC' AS timestamp(6)) AS a FROM t",
        "SELECT CAST('2024-01-05 10:00:00 ' AS timestamp(6)) AS a FROM t",
        "SELECT CAST('2024-01-05 10:00:00.1234567' AS timestamp(6)) AS a FROM t",
    ],
    "dialect": [
        "SELECT x FROM t WHERE x ILIKE 'a'",
        "SELECT DISTINCT ON (x) x FROM t",
        "SELECT count(DISTINCT x, y) AS n FROM t",
    ],
    "subscript": ["SELECT x[1] AS a FROM t"],
    "format": ["SELECT date_parse(x, '%y%m%d') AS a FROM t", "SELECT date_parse(x, y) AS a FROM t"],
    "regexp": [
        r"SELECT regexp_like(x, '\d') AS a FROM t",
        "SELECT regexp_like(x, y) AS a FROM t",
        "SELECT regexp_like(x, '(?=a)b') AS a FROM t",
        "SELECT regexp_replace(x, 'a$', 'b') AS a FROM t",
        "SELECT regexp_replace(x, '(a)', '$1') AS a FROM t",
        "SELECT regexp_extract(x, 'a(b)?', 1) AS a FROM t",
    ],
    "json_path": ["SELECT json_extract_scalar(x, '$..a') AS a FROM t"],
    "unit": [
        "SELECT date_add('hour', 1, CAST(x AS date)) AS a FROM t",
        "SELECT date_diff('decade', x, y) AS a FROM t",
    ],
    "try": ["SELECT try(x + y) AS a FROM t"],
}


@pytest.mark.parametrize(
    ("rule", "sql"), [(rule, sql) for rule, many in REFUSED.items() for sql in many]
)
def test_refused(rule: str, sql: str) -> None:
    assert rule in {p.rule for p in lint(sql)}


def test_good_sql_passes() -> None:
    assert lint(GOOD) == []
    assert tables(GOOD) == ("stage.transaction",)
    assert parameters(GOOD) == 1


@pytest.mark.parametrize(
    "expression",
    [
        "CAST(? AS timestamp(6))",
        "CAST('2024-01-05 10:00:00.123456' AS timestamp(6))",
        "CAST(CAST(x AS date) AS timestamp(6))",
        "CAST(from_unixtime(x) AS timestamp(6))",
        "CAST(try(date_parse(x, '%Y-%m-%d')) AS timestamp(6))",
        "CAST(NULL AS timestamp(6))",
        "TRY_CAST(json_parse(x) AS array(json))",
        "concat('a', NULL)",
        "json_extract_scalar(CAST(NULL AS varchar), '$.a')",
    ],
)
def test_what_both_engines_read_alike_passes(expression: str) -> None:
    assert lint(f"SELECT {expression} AS a FROM t") == []


def test_problem_says_where_and_what_to_write() -> None:
    (problem,) = lint("SELECT\n    x,\n    avg(y) AS a\nFROM t\nGROUP BY x")
    assert problem.line == 3
    assert "NULLIF" in str(problem)


def test_alias_with_columns_is_no_function() -> None:
    sql = "WITH v (a) AS (SELECT 1) SELECT h.x FROM v CROSS JOIN UNNEST(v.a) AS h (x)"
    assert lint(sql) == []


def test_parameters_are_numbered_in_the_order_of_the_text() -> None:
    sql = "WITH a AS (SELECT ? AS x) SELECT x, '?' AS q FROM a WHERE y BETWEEN ? AND ? -- ?"
    assert to_duckdb(sql) == (
        "WITH a AS (SELECT $1 AS x) SELECT x, '?' AS q FROM a WHERE y BETWEEN $2 AND $3"
    )


def test_a_table_named_as_a_cte_elsewhere_is_a_table() -> None:
    assert tables("WITH card AS (SELECT x FROM raw.card) SELECT x FROM card") == ("raw.card",)


def test_unreadable_sql_says_where() -> None:
    with pytest.raises(ValueError, match="line 2"):
        parse("SELECT x\nFROM t WHERE (")


def test_qualify_is_not_athenas() -> None:
    with pytest.raises(ValueError, match="not Athena SQL"):
        lint("SELECT x FROM t QUALIFY row_number() OVER (ORDER BY x) = 1")


def test_import_loads_no_engine() -> None:
    code = (
        "import sys, resources.dialect.athena_sql, resources.protocols.sql_engine,"
        "resources.embedded.duckdb_engine,"
        "resources.dialect.column_lineage; print([m for m in ('duckdb', 'sqlglot', 'pyarrow')"
        " if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
