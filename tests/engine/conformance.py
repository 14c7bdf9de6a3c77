"""Expressions and Trino's answer to each, from Trino's documentation and source, not from DuckDB.

A case is an expression of the subset, or a SELECT of one value; ERROR where Trino raises.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

ERROR = object()
DAY, TIME = dt.date, dt.datetime


def rows(values: str, select: str) -> str:
    """Give a query over an inline table t (x) or t (x, y)."""
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
    """Give the function's values as text, in the order of y."""
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

CASTS: list[tuple[str, object]] = [
    ("CAST(2.5e0 AS bigint)", 3),
    ("CAST(-2.5e0 AS bigint)", -3),
    ("CAST(2.5 AS bigint)", 3),
    (rows("2.5e0", "CAST(x AS bigint)"), 3),
    ("CAST('12' AS bigint)", 12),
    ("CAST('1.5' AS bigint)", ERROR),
    *((f"TRY_CAST('{text}' AS bigint)", None) for text in ("1.5", "1e3", "1_0", "0x10", "", "a")),
    (rows("'1.5'", "TRY_CAST(x AS bigint)"), None),
    (rows("CAST(NULL AS varchar)", "CAST(x AS bigint)"), None),
    ("TRY_CAST('9223372036854775808' AS bigint)", None),
    ("CAST('-1.235' AS decimal(18, 2))", Decimal("-1.24")),
    ("CAST('.5' AS decimal(18, 2))", Decimal("0.50")),
    ("TRY_CAST('1_0.5' AS decimal(18, 2))", None),
    ("TRY_CAST('1,5' AS decimal(18, 2))", None),
    ("TRY_CAST('12345.6' AS decimal(6, 2))", None),
    ("CAST(12345.6 AS decimal(6, 2))", ERROR),
    ("CAST(0.125 AS decimal(18, 2))", Decimal("0.13")),
    ("CAST(-0.125 AS decimal(18, 2))", Decimal("-0.13")),
    ("CAST(1.005e0 AS decimal(18, 2))", Decimal("1.01")),
    ("CAST(2.675e0 AS decimal(18, 2))", Decimal("2.68")),
    ("CAST(1e-7 AS decimal(18, 10))", Decimal("0.0000001000")),
    ("CAST('1e400' AS double)", float("inf")),
    ("TRY_CAST('1_000' AS double)", None),
    ("TRY_CAST('inf' AS double)", None),
    ("CAST('2024-1-5' AS date)", DAY(2024, 1, 5)),
    *(
        (f"TRY_CAST('{text}' AS date)", None)
        for text in ("2024/01/05", "2024-01-05 10:00:00", "20240105", "2023-02-29", "epoch", "")
    ),
    (rows("'2024/01/05'", "TRY_CAST(x AS date)"), None),
    ("CAST('2024-01-05 10:11:12.123456' AS timestamp(6))", TIME(2024, 1, 5, 10, 11, 12, 123456)),
    ("CAST('2024-01-05' AS timestamp(6))", TIME(2024, 1, 5)),
    *(
        (f"TRY_CAST('{text}' AS timestamp(6))", None)
        for text in (
            "2024-01-05T10:00:00",
            "2024-01-05 24:00:00",
            "2024-01-05 10:00:00 UTC",
            "2024-01-05 10:00:00+02:00",
        )
    ),
    ("CAST(TIMESTAMP '2024-01-05 23:59:59.999' AS date)", DAY(2024, 1, 5)),
    ("CAST('T' AS boolean)", True),
    *((f"TRY_CAST('{text}' AS boolean)", None) for text in ("yes", "Y", "on", " true ")),
    ("CAST(true AS varchar)", "true"),
    ("CAST(1.50 AS varchar)", "1.50"),
    ("CAST(DATE '2024-01-05' AS varchar)", "2024-01-05"),
    ("try(date_parse('x', '%Y%m%d'))", None),
    ("try(CAST(date_parse('20240105', '%Y%m%d') AS date))", DAY(2024, 1, 5)),
    ("coalesce(NULL, 2, 3)", 2),
    ("nullif(1, 1)", None),
    ("if(1 > 2, 'a')", None),
    ("if(NULL, 'a', 'b')", "b"),
    ("greatest(1, 3, 2)", 3),
    ("greatest(1, NULL)", None),
    ("least(2, 1)", 1),
    ("least(1, NULL)", None),
]

TEXTS: list[tuple[str, object]] = [
    ("trim(' \t\r\n a ')", "a"),
    ("trim('\u2003a\u3000')", "a"),
    ("trim('\u00a0a')", "\u00a0a"),
    ("trim(BOTH 'x' FROM 'xax')", "a"),
    ("ltrim('\ta ')", "a "),
    ("rtrim(' a\n')", " a"),
    ("lower('ÀB')", "àb"),
    ("upper('àb')", "ÀB"),
    ("length('né')", 2),
    ("length(NULL)", None),
    ("substr('hello', 2, 3)", "ell"),
    ("substr('hello', 0, 2)", ""),
    ("substr('hello', 2, 0)", ""),
    ("substr('hello', -2)", "lo"),
    ("substr('hello', -9, 3)", ""),
    ("substr('hello', 9)", ""),
    ("substring('hello', 4, 9)", "lo"),
    (rows("0", "substr('hello', x, 2)"), ""),
    ("replace('aXbX', 'X', '')", "ab"),
    ("concat('a', NULL)", None),
    ("concat('a', 'b', 'c')", "abc"),
    ("'a' || NULL", None),
    ("concat_ws(',', 'a', NULL, 'b')", "a,b"),
    ("split_part('a,b', ',', 2)", "b"),
    ("split_part('a,b', ',', 3)", None),
    ("split_part('a,', ',', 2)", ""),
    ("split_part(NULL, ',', 1)", None),
    ("strpos('abcb', 'b')", 2),
    ("strpos('abc', 'z')", 0),
    ("strpos('abc', '')", 1),
    ("lpad('a', 3, 'xy')", "xya"),
    ("lpad('abc', 2, 'x')", "ab"),
    ("rpad('a', 3, 'xy')", "axy"),
    ("starts_with('abc', 'ab')", True),
    ("starts_with(NULL, 'ab')", None),
    ("regexp_like('abc', 'b')", True),
    ("regexp_like('abc\n', '^abc$')", True),
    ("regexp_like('abc\n', '^abc\\z')", False),
    ("regexp_like(NULL, 'b')", None),
    ("regexp_extract('abc', 'x')", None),
    ("regexp_extract('abc', 'b.')", "bc"),
    ("regexp_extract('abc', '(a)(b)', 2)", "b"),
    ("regexp_replace('aaa', 'a', 'b')", "bbb"),
    ("regexp_replace('a1b2', '[0-9]')", "ab"),
    ("'a' = 'a '", False),
    ("'a' < 'B'", False),
    ("'a_c' LIKE 'a\\_c'", False),
]

JSON: list[tuple[str, object]] = [
    ("json_extract_scalar('{\"a\":\"x\"}', '$.a')", "x"),
    ("json_extract_scalar('{\"a\":true}', '$.a')", "true"),
    ("json_extract_scalar('{\"a\":7}', '$.a')", "7"),
    ("json_extract_scalar('{\"a\":12345678901234567890}', '$.a')", "12345678901234567890"),
    ("json_extract_scalar('{\"a\":[{\"b\":1}]}', '$.a[0].b')", "1"),
    *(
        (f"json_extract_scalar('{text}', '$.a')", None)
        for text in ('{"a":{"b":1}}', '{"a":[1]}', '{"a":null}', '{"b":1}', "{bad", "")
    ),
    ("json_extract_scalar(NULL, '$.a')", None),
    ("json_extract_scalar(json_parse('{\"a\":\"x\"}'), '$.a')", "x"),
    ("json_extract('{\"a\":[1]}', '$.a')", "[1]"),
    ("json_extract('{bad', '$.a')", None),
    ("json_parse('{bad')", ERROR),
    ("json_array_length('[1, 2]')", 2),
    ("json_array_length('{\"a\":1}')", None),
    ("json_array_length('{bad')", None),
    ("cardinality(CAST(json_parse('[{\"a\":1}, 2]') AS array(json)))", 2),
    ("TRY_CAST(json_parse('{\"a\":1}') AS array(json))", None),
    ("TRY_CAST(json_parse('{bad') AS array(json))", ERROR),
    ("TRY_CAST(json_parse(NULL) AS array(json))", None),
    ("TRY_CAST(json_parse('null') AS array(json))", None),
    ("cardinality(TRY_CAST(json_parse('[{\"a\":[1]}, null, 2]') AS array(json)))", 3),
    ("CAST(json_extract('{\"a\":null}', '$.a') AS array(json))", None),
    ("CAST(json_parse('\"x\"') AS varchar)", ERROR),
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

DATES: list[tuple[str, object]] = [
    ("date_add('month', 1, DATE '2024-01-31')", DAY(2024, 2, 29)),
    ("date_add('month', -3, DATE '2024-05-31')", DAY(2024, 2, 29)),
    ("date_add('year', 1, DATE '2024-02-29')", DAY(2025, 2, 28)),
    ("date_add('quarter', 1, DATE '2024-01-31')", DAY(2024, 4, 30)),
    ("date_add('week', -1, DATE '2024-01-01')", DAY(2023, 12, 25)),
    ("date_add('day', NULL, DATE '2024-01-01')", None),
    (rows("CAST(2 AS bigint)", "date_add('month', x, DATE '2024-01-01')"), DAY(2024, 3, 1)),
    ("date_add('second', 90, TIMESTAMP '2024-01-01 00:00:00')", TIME(2024, 1, 1, 0, 1, 30)),
    ("date_diff('month', DATE '2024-01-31', DATE '2024-02-28')", 0),
    # Joda, which Trino counts with, ends January's 31st on February's last day.
    ("date_diff('month', DATE '2024-01-31', DATE '2024-02-29')", 1),
    ("date_diff('month', DATE '2024-01-15', DATE '2024-02-14')", 0),
    ("date_diff('month', DATE '2024-02-14', DATE '2024-01-15')", 0),
    ("date_diff('month', DATE '2024-03-15', DATE '2024-01-15')", -2),
    ("date_diff('quarter', DATE '2024-01-15', DATE '2024-04-14')", 0),
    ("date_diff('year', DATE '2000-05-24', DATE '2024-05-23')", 23),
    ("date_diff('year', DATE '2004-02-29', DATE '2005-02-28')", 1),
    ("date_diff('week', DATE '2024-01-01', DATE '2024-01-14')", 1),
    ("date_diff('day', DATE '2024-02-28', DATE '2024-03-01')", 2),
    ("date_diff('day', TIMESTAMP '2024-01-01 23:00:00', TIMESTAMP '2024-01-02 01:00:00')", 0),
    ("date_diff('day', NULL, DATE '2024-03-01')", None),
    ("date_trunc('month', DATE '2024-02-29')", DAY(2024, 2, 1)),
    ("date_trunc('week', DATE '2024-01-07')", DAY(2024, 1, 1)),
    ("date_trunc('hour', TIMESTAMP '2024-01-01 10:59:59')", TIME(2024, 1, 1, 10)),
    ("date_parse('20240105', '%Y%m%d')", TIME(2024, 1, 5)),
    ("date_parse('2024-01-05 10:11:12', '%Y-%m-%d %H:%i:%s')", TIME(2024, 1, 5, 10, 11, 12)),
    ("date_parse('20240105 ', '%Y%m%d')", ERROR),
    ("date_parse('2023-02-29', '%Y-%m-%d')", ERROR),
    ("date_parse(NULL, '%Y%m%d')", None),
    ("date_format(TIMESTAMP '2024-01-05 09:08:07', '%Y-%m-%d %H:%i:%s')", "2024-01-05 09:08:07"),
    ("CAST(from_unixtime(1.5) AS timestamp(6))", TIME(1970, 1, 1, 0, 0, 1, 500000)),
    ("CAST(from_unixtime(-1) AS date)", DAY(1969, 12, 31)),
    ("last_day_of_month(DATE '2024-02-01')", DAY(2024, 2, 29)),
    ("year(DATE '2024-02-01')", 2024),
    ("quarter(DATE '2024-04-01')", 2),
    ("month(DATE '2024-02-01')", 2),
    ("day(DATE '2024-02-01')", 1),
    ("day_of_week(DATE '2024-01-07')", 7),
    ("day_of_week(DATE '2024-01-08')", 1),
    ("hour(TIMESTAMP '2024-01-05 09:08:07')", 9),
    ("minute(TIMESTAMP '2024-01-05 09:08:07')", 8),
    ("second(TIMESTAMP '2024-01-05 09:08:07.9')", 7),
]

NUMBERS: list[tuple[str, object]] = [
    ("7 / 2", 3),
    ("-7 / 2", -3),
    ("CAST(7 AS double) / 2", 3.5),
    ("CAST(1 AS double) / NULLIF(0, 0)", None),
    ("abs(-1.50)", Decimal("1.50")),
    ("ceil(-1.5)", -1),
    ("ceiling(1.2e0)", 2.0),
    ("floor(-1.5)", -2),
    ("round(2.5e0)", 3.0),
    ("round(-2.5e0)", -3.0),
    ("round(2.345, 2)", Decimal("2.35")),
    ("round(NULL)", None),
    ("sign(-2)", -1),
    ("mod(-7, 3)", -1),
    ("-7 % 3", -1),
    ("power(2, 3)", 8.0),
    ("sqrt(4)", 2.0),
    ("ln(1)", 0.0),
    ("exp(0)", 1.0),
    ("2147483647 + CAST(1 AS bigint)", 2147483648),
    ("NULL IN (1, 2)", None),
    ("3 NOT IN (1, NULL)", None),
    ("NULL IS DISTINCT FROM 1", True),
]

CASES = [*AGGREGATES, *WINDOWS, *CASTS, *TEXTS, *JSON, *ARRAYS, *DATES, *NUMBERS]
