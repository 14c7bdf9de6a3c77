"""Trino's answers to what works over several rows: aggregates, windows and arrays."""

from __future__ import annotations

from decimal import Decimal


def rows(values: str, select: str) -> str:
    """Return a query over an inline table t (x) or t (x, y)."""
    columns = "x, y" if values.startswith("(") else "x"
    return f"SELECT {select} FROM (VALUES {values}) AS t ({columns})"


THREE = "CAST(NULL AS bigint), 1, 2"

AGGREGATES: list[tuple[str, object]] = [
    (rows(THREE, "count(*)"), 3),
    (rows(THREE, "count(x)"), 2),
    (rows("1, 1, NULL", "count(DISTINCT x)"), 1),
    (rows(THREE, "count_if(x > 1)"), 1),
    (rows("CAST(NULL AS bigint)", "count_if(x > 1)"), 0),
    (rows("1", "count_if(x > 1)") + " WHERE x > 5", 0),
    (rows(THREE, "sum(x)"), 3),
    (rows("CAST(NULL AS bigint)", "sum(x)"), None),
    (rows("CAST(0.10 AS decimal(18, 2)), CAST(0.20 AS decimal(18, 2))", "sum(x)"), Decimal("0.30")),
    (rows("9223372036854775807, -1", "sum(x)"), 9223372036854775806),
    (rows(THREE, "min(x)"), 1),
    (rows("'a', 'B', NULL", "min(x)"), "B"),
    (rows("'a', 'B', 'é'", "max(x)"), "é"),
    (rows("true, NULL", "bool_or(x)"), True),
    (rows("true, NULL", "bool_and(x)"), True),
    (rows("CAST(NULL AS boolean)", "bool_and(x)"), None),
    (rows("2, NULL, 1", "array_agg(x ORDER BY x)"), [1, 2, None]),
    (rows("2, NULL, 1", "array_agg(x ORDER BY x DESC)"), [2, 1, None]),
    (rows("2, 2, 1", "array_agg(DISTINCT x ORDER BY x)"), [1, 2]),
    (rows("1", "array_agg(x ORDER BY x)") + " WHERE x > 1", None),
    (rows("1, 3", "stddev_samp(CAST(x AS double))"), 2**0.5),
    (rows("1", "stddev_samp(CAST(x AS double))"), None),
    (rows("1, 3", "stddev_pop(CAST(x AS double))"), 1.0),
]


def ranked(function: str, values: str = "(1, 10), (1, 20), (2, 30), (NULL, 40)") -> str:
    """Return the function's values as text, in the order of y."""
    return (
        "SELECT array_join(array_agg(coalesce(CAST(v AS varchar), '-') ORDER BY y), ' ') FROM "
        f"(SELECT y, {function} AS v FROM (VALUES {values}) AS t (x, y)) AS w"
    )


WINDOWS: list[tuple[str, object]] = [
    (ranked("row_number() OVER (ORDER BY x DESC, y)"), "2 3 1 4"),
    (ranked("rank() OVER (ORDER BY x)"), "1 1 3 4"),
    (ranked("dense_rank() OVER (ORDER BY x)"), "1 1 2 3"),
    (ranked("ntile(3) OVER (ORDER BY y)"), "1 1 2 3"),
    (ranked("lag(x) OVER (ORDER BY y)"), "- 1 1 2"),
    (ranked("lag(x, 2, 0) OVER (ORDER BY y)"), "0 0 1 1"),
    (ranked("lead(x) OVER (ORDER BY y)"), "1 2 - -"),
    (ranked("first_value(y) OVER (PARTITION BY x ORDER BY y)"), "10 10 30 40"),
    (ranked("last_value(y) OVER (ORDER BY x)"), "20 20 30 40"),
    (ranked("sum(y) OVER (ORDER BY x)"), "30 30 60 100"),
    (ranked("count_if(x > 1) OVER (ORDER BY y)"), "0 0 1 1"),
]

ARRAYS: list[tuple[str, object]] = [
    ("cardinality(ARRAY[1, NULL])", 2),
    ("cardinality(NULL)", None),
    ("element_at(ARRAY[1, 2], 3)", None),
    ("element_at(ARRAY[1, 2], -1)", 2),
    ("element_at(ARRAY[1, 2], 1)", 1),
    ("array_join(ARRAY['a', NULL, 'b'], ',')", "a,b"),
    ("array_join(ARRAY[CAST(NULL AS varchar)], ',')", ""),
    ("array_join(CAST(NULL AS array(varchar)), ',')", None),
    (
        "SELECT array_join(array_agg(CAST(n AS varchar) || v ORDER BY n), ' ') FROM "
        "(VALUES ARRAY['x', 'y']) AS t (a) "
        "CROSS JOIN UNNEST(t.a) WITH ORDINALITY AS u (v, n)",
        "1x 2y",
    ),
    (
        "SELECT count(*) FROM (VALUES CAST(NULL AS array(varchar))) AS t (a) "
        "CROSS JOIN UNNEST(t.a) AS u (v)",
        0,
    ),
]
