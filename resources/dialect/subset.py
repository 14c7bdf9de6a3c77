"""The subset of Athena SQL that the project is written in: names, types and what to write instead.

A function is here when DuckDB, through `to_duckdb`, was shown to give Trino's answer for it.
"""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """Return the set of words of a text."""
    return frozenset(text.split())


RECORD_FUNCTIONS = words(
    """
    cast try_cast try coalesce nullif if greatest least
    trim ltrim rtrim lower upper length substr substring replace concat concat_ws
    split_part strpos lpad rpad starts_with regexp_like regexp_extract regexp_replace
    json_parse json_extract json_extract_scalar json_array_length
    cardinality element_at array_join
    date_add date_diff date_trunc date_parse date_format from_unixtime last_day_of_month
    year quarter month day day_of_week hour minute second
    abs ceil ceiling floor round sign mod power sqrt ln exp
    """
)
"""Functions of one record's values alone: all that a feed's expression may call."""

FUNCTIONS = RECORD_FUNCTIONS | words(
    """
    count count_if sum min max bool_or bool_and array_agg stddev_samp stddev_pop
    row_number rank dense_rank ntile lag lead first_value last_value
    """
)

RANKED = "write row_number() OVER (PARTITION BY … ORDER BY …, a unique key) = 1: ties go by chance"
CLOCK = "no day can be built again with it: take the business date from the parameter"
EXACT = "an approximation differs from run to run: write the exact aggregate"

INSTEAD = {
    "avg": "write CAST(sum(x) AS double) / NULLIF(count(x), 0): on decimals Trino keeps the scale, "
    "and a sum of doubles depends on the order",
    "max_by": RANKED,
    "min_by": RANKED,
    "arbitrary": RANKED,
    "any_value": RANKED,
    "now": CLOCK,
    "current_date": CLOCK,
    "current_time": CLOCK,
    "current_timestamp": CLOCK,
    "localtime": CLOCK,
    "localtimestamp": CLOCK,
    "random": "a result must be repeatable: rank by columns",
    "rand": "a result must be repeatable: rank by columns",
    "uuid": "a result must be repeatable: use the key",
    "approx_distinct": EXACT,
    "approx_percentile": EXACT,
    "approx_most_frequent": EXACT,
    "date": "write CAST(x AS date)",
    "extract": "write year(x), month(x), …",
    "at_timezone": "times are UTC: leave the zone out",
    "from_iso8601_timestamp": "it cuts to milliseconds: write "
    "try(date_parse(replace(x, 'T', ' '), '%Y-%m-%d %H:%i:%s'))",
    "from_iso8601_date": "write CAST(x AS date)",
    "json_format": "the order of the keys differs: keep the delivered text",
    "stddev": "write stddev_samp(x)",
    "every": "write bool_and(x)",
    "slice": "number the rows and filter before array_agg",
    "contains": "unnest and compare: its answer over nulls differs",
    "array_distinct": "write array_agg(DISTINCT x ORDER BY x)",
    "map_agg": "keep one row per key",
    "listagg": "write array_join(array_agg(x ORDER BY …), ',')",
    "position": "write strpos(x, y)",
}

NEEDS_ORDER = words("row_number rank dense_rank ntile lag lead first_value last_value")

DATE_UNITS = words("day week month quarter year")
UNITS = DATE_UNITS | words("second minute hour")

# Both engines read these alike; %y is left out, its century turns in another year.
FORMAT_CODES = frozenset("YmdHis")

CAST_TYPES = (
    "bigint, integer, double, decimal(p, s), varchar, boolean, date, timestamp(6), array(json)"
)
