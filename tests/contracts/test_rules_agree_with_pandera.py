"""The compiled rules and Pandera's own backend must count the same rows as broken."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal

import duckdb
import pyarrow as arrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer360_assets.contracts.audit import audit_sql, first_broken_sql, read_audit
from customer360_assets.contracts.columns import BigInt, Bool, Date, Money, Text, Timestamp, column
from customer360_assets.contracts.contract import Contract, Table
from customer360_assets.publishing.checks.pandera_sample import broken_in
from resources.dialect.athena_sql import to_duckdb


class Everything(Table):
    """One column per type, and every check that a contract may use."""

    key: BigInt = column("key")
    code: Text = column("code", isin=["a", "it's", "ß"])
    other: Text = column("other", nullable=True, notin=["x"], str_length={"min_value": 1})
    token: Text = column("token", nullable=True, str_matches=r"^[0-9a-f]{2,4}$")
    start: Text = column("start", nullable=True, str_startswith="a'")
    count: BigInt = column("count", nullable=True, ge=0, lt=100)
    ratio: BigInt = column("ratio", in_range={"min_value": -1, "max_value": 1})
    amount: Money = column("amount", nullable=True, gt=Decimal("0.00"), le=Decimal("99.99"))
    exact: BigInt = column("exact", nullable=True, eq=7)
    unlike: BigInt = column("unlike", nullable=True, ne=7)
    day: Date = column("day", nullable=True, ge=dt.date(2020, 1, 1))
    at: Timestamp = column("at", nullable=True, not_after="day")
    flag: Bool = column("flag", nullable=True)


CONTRACT = Contract(Everything, table="stage.everything", key=("key",))

_text = st.one_of(
    st.sampled_from(["a", "it's", "ß", "x", "", "ab", "0f\n", "a'b", "abcde", "A"]),
    st.text(max_size=5).filter(lambda t: "\x00" not in t),
)
# The bounds are drawn often: what Hypothesis draws depends on the modules that are imported.
_small = st.one_of(st.sampled_from([-1, 0, 99, 100]), st.integers(-3, 103))
_money = st.one_of(
    st.sampled_from([Decimal(amount) for amount in ("0.00", "0.01", "99.99", "100.00")]),
    st.decimals(min_value=-5, max_value=105, places=2),
)
_days = st.dates(dt.date(2019, 12, 30), dt.date(2020, 1, 3))
_times = st.datetimes(dt.datetime(2019, 12, 30), dt.datetime(2020, 1, 5))  # noqa: DTZ001 as delivered
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "key": st.one_of(st.none(), st.integers(0, 5)),
            "code": st.one_of(st.none(), _text),
            "other": st.one_of(st.none(), _text),
            "token": st.one_of(st.none(), _text),
            "start": st.one_of(st.none(), _text),
            "count": st.one_of(st.none(), _small),
            "ratio": st.one_of(st.none(), st.integers(-2, 2)),
            "amount": st.one_of(st.none(), _money),
            "exact": st.one_of(st.none(), st.integers(6, 8)),
            "unlike": st.one_of(st.none(), st.integers(6, 8)),
            "day": st.one_of(st.none(), _days),
            "at": st.one_of(st.none(), _times),
            "flag": st.one_of(st.none(), st.booleans()),
        }
    ),
    min_size=1,
    max_size=8,
)
SCHEMA = arrow.schema(
    [
        ("key", arrow.int64()),
        ("code", arrow.string()),
        ("other", arrow.string()),
        ("token", arrow.string()),
        ("start", arrow.string()),
        ("count", arrow.int64()),
        ("ratio", arrow.int64()),
        ("amount", arrow.decimal128(18, 2)),
        ("exact", arrow.int64()),
        ("unlike", arrow.int64()),
        ("day", arrow.date32()),
        ("at", arrow.timestamp("us")),
        ("flag", arrow.bool_()),
    ]
)


def pandera_broken(table: arrow.Table) -> Counter[str]:
    """Count broken rules as Pandera's pandas backend sees them."""
    return Counter(broken_in(CONTRACT, table))


def counts_are_equal(rows: list[dict[str, object]]) -> None:
    candidate = arrow.Table.from_pylist(rows, schema=SCHEMA)
    engine = duckdb.connect()
    engine.register("candidate", candidate)
    found = engine.sql(to_duckdb(audit_sql(CONTRACT))).to_arrow_table().to_pylist()[0]
    audit = read_audit(CONTRACT, found)
    assert Counter({r: n for r, n in audit.broken.items() if n}) == pandera_broken(candidate)
    assert audit.rows == len(rows)
    assert audit.repeated_keys == len(rows) - len({row["key"] for row in rows})


@pytest.mark.parametrize("examples", [15, pytest.param(300, marks=pytest.mark.slow)])
def test_rule_counts_equal_panderas(examples: int) -> None:
    settings(max_examples=examples, deadline=None)(given(ROWS)(counts_are_equal))()


@settings(max_examples=20, deadline=None)
@given(ROWS)
def test_a_row_is_quarantined_exactly_when_pandera_refuses_it(
    rows: list[dict[str, object]],
) -> None:
    candidate = arrow.Table.from_pylist(rows, schema=SCHEMA)
    engine = duckdb.connect()
    engine.register("candidate", candidate)
    query = to_duckdb(f"SELECT {first_broken_sql(CONTRACT.rules)} AS rule FROM candidate")
    refused = [row[0] is not None for row in engine.sql(query).fetchall()]
    one_by_one = [bool(pandera_broken(candidate.slice(i, 1))) for i in range(len(rows))]
    assert refused == one_by_one


def test_the_test_data_breaks_every_rule() -> None:
    """Guards the property: a rule that the data can never break would agree for nothing."""
    drawn: list[dict[str, object]] = []

    @settings(max_examples=300, deadline=None, database=None, derandomize=True)
    @given(ROWS)
    def collect(rows: list[dict[str, object]]) -> None:
        drawn.extend(rows)

    collect()
    seen = pandera_broken(arrow.Table.from_pylist(drawn, schema=SCHEMA))
    assert {rule.name for rule in CONTRACT.rules} <= set(seen)
