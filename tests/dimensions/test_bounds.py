"""Whatever stage publishes, every dimension can hold: values at the bounds of the contracts.

The expected sums are plain arithmetic. What a dimension's column cannot hold would stop the bank:
the platform's engine refuses such a candidate, Spark its job.
"""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from customer360_assets.contracts import contract, contracts
from customer360_assets.contracts.columns import MOST_COUNTED, MOST_MONEY
from customer360_assets.tables.transformations import transformation
from tests.dimensions.small_bank import SmallBank, back
from tests.sql.sql_bank import D

SQL_DIMENSIONS = [c.name for c in contracts("dimension") if transformation(c.table).kind == "sql"]
ACCOUNTS = 30
CENT = Decimal("0.01")
OPENED = [dt.datetime.fromisoformat(day) for day in ("0001-01-01", "1850-01-01", f"{D}T23:59")]
FIRST, LAST = dt.date(1, 1, 1), dt.date(9999, 12, 31)
HIGHEST = 2**63 - 1


def transactions(rng: random.Random) -> list[dict[str, Any]]:
    """Return two a month for each account, at the bounds of amount, balance, date and number."""
    dates = [FIRST, dt.date(1582, 10, 10), *map(back, (400, 200, 99, 89, 60, 30, 1, 0)), LAST]
    rows = []
    for account in range(1, ACCOUNTS + 1):
        for date in dates:
            rows.append(
                {
                    "business_date": D,
                    "trans_id": HIGHEST - len(rows),
                    "account_id": account,
                    "date": date,
                    "type": rng.choice(["credit", "debit"]),
                    "operation": rng.choice(["CAB", "CCW", None]),
                    "amount": rng.choice([MOST_MONEY, MOST_MONEY, Decimal(0), CENT]),
                    "balance": rng.choice([MOST_MONEY, -MOST_MONEY, CENT, -CENT, None]),
                }
            )
    return rows


def sessions(rng: random.Random) -> list[dict[str, Any]]:
    """Return sessions at the bounds of every count, of start and of date."""
    counts = [c.name for c in contract("stage.web_session").columns if _is_count(c.name)]
    assert {"hits", "page_views", "time_on_site_seconds"} <= set(counts)
    return [
        {
            "full_visitor_id": f"v{number % 3}",
            "visit_id": HIGHEST - number,
            "visit_start_time": rng.choice([946_684_800, 4_102_444_800]),
            "session_date": rng.choice([FIRST, D, back(89), LAST]),
            "visit_number": HIGHEST,
            "bounces": rng.choice([0, 1, None]),
            "new_visits": rng.choice([0, 1, None]),
            "transaction_revenue": rng.choice([MOST_MONEY, -MOST_MONEY]),
            **{name: rng.choice([0, MOST_COUNTED, MOST_COUNTED, None]) for name in counts},
        }
        for number in range(60)
    ]


def _is_count(column: str) -> bool:
    name = f"{column}:le"
    return any(r.name == name for r in contract("stage.web_session").rules)


def at_the_bounds(seed: int) -> tuple[SmallBank, list[dict[str, Any]], list[dict[str, Any]]]:
    """Return a bank whose one client owns everything, and its transactions and sessions."""
    rng, bank = random.Random(seed), SmallBank()  # noqa: S311 (values, not secrets)
    bank.client(
        1,
        birth_date=rng.choice([dt.date(1850, 1, 1), D]),
        client_created_date=rng.choice(OPENED),
    )
    bank.client(HIGHEST)
    for account in range(1, ACCOUNTS + 1):
        bank.account(account, 1, created=rng.choice(["0001-01-01", "1850-01-01", f"{D}"]))
    bank.link("v0", 1)
    bank.link("v1", 1, HIGHEST)
    bank.link("v2", 1)
    booked, visited = transactions(rng), sessions(rng)
    bank.add("stage.transaction", *booked)
    bank.add("stage.web_session", *visited)
    issued = dt.datetime.fromisoformat("0001-01-01")
    card = {"card_token": "0" * 64, "disp_id": 1, "type": "gold", "issued_datetime": issued}
    bank.add("stage.card", card)
    return bank, booked, visited


def between(rows: list[dict[str, Any]], first: dt.date, kind: str) -> Decimal:
    return sum(
        (r["amount"] for r in rows if first <= r["date"] <= D and r["type"] == kind), Decimal(0)
    )


def last_balances(rows: list[dict[str, Any]]) -> list[Decimal]:
    last: dict[int, Any] = {}
    for row in sorted(rows, key=lambda r: (r["date"], r["trans_id"])):
        if row["date"] <= D and row["balance"] is not None:
            last[row["account_id"]] = row["balance"]
    return list(last.values())


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))]
)
def test_every_sql_dimension_holds_values_at_the_bounds(seed: int, tmp_path: Path) -> None:
    bank, booked, visited = at_the_bounds(seed)
    made = {}
    for name in SQL_DIMENSIONS:
        (folder := tmp_path / name).mkdir()
        made[name] = bank.by_engine(name, folder)[1]
        assert bank.dimension(name)[1] == made[name]
    bank.close()
    value, risk, web = made["client_value"], made["risk"], made["marketing"]
    assert value["value_credits_90d"] == between(booked, back(89), "credit")
    assert value["value_debits_90d"] == between(booked, back(89), "debit")
    balances = last_balances(booked)
    assert value["value_balance"] == sum(balances)
    assert risk["risk_overdrawn_amount"] == sum(-b for b in balances if b < 0)
    read = [v for v in visited if v["session_date"] <= D]
    for column in ("hits", "page_views", "time_on_site_seconds"):
        stated = sum(v[column] or 0 for v in read)
        assert web[f"web_{column}"] == stated
    shared = sum(v["hits"] or 0 for v in read if v["full_visitor_id"] == "v1")
    assert web["web_hits_weighted"] == sum(v["hits"] or 0 for v in read) - Decimal(shared) / 2


@pytest.mark.slow
def test_growth_from_a_cent_to_the_highest_balances(tmp_path: Path) -> None:
    """1,000 accounts of which one held a cent: the ratio has 17 digits before the point."""
    bank = SmallBank()
    bank.client(1)
    for account in range(1, 1001):
        bank.account(account, 1)
    old = {"account_id": 1, "date": back(300), "balance": CENT}
    new = [{"account_id": n, "date": D, "balance": MOST_MONEY} for n in range(1, 1001)]
    of_all = {"type": "credit", "amount": CENT}
    bank.add(
        "stage.transaction", *({"trans_id": i, **r, **of_all} for i, r in enumerate([old, *new]))
    )
    row = bank.by_engine("loyalty", tmp_path)[1]
    bank.close()
    grown = 1000 * MOST_MONEY - CENT
    assert row["loyalty_asset_growth_3m"] == grown
    exact = grown / CENT
    assert abs(row["loyalty_asset_growth_ratio_3m"] - exact) < exact * Decimal("1e-15")


@pytest.mark.parametrize("days", [1, 45, 90])
def test_the_volatility_of_the_widest_swing_is_exact(tmp_path: Path, days: int) -> None:
    """From the lowest to the highest balance: n1 * n2 days apart by 2 x the bound, / n."""
    bank = SmallBank()
    bank.client(1)
    bank.account(1, 1)
    bank.booked(1, back(89), "1", str(-MOST_MONEY))
    bank.booked(1, back(days - 1), "1", str(MOST_MONEY))
    row = bank.by_engine("risk", tmp_path)[1]
    bank.close()
    spread = Decimal((90 - days) * days).sqrt() * 2 * MOST_MONEY / 90
    assert abs(row["risk_balance_volatility_90d"] - spread) <= CENT


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("stage.transaction", "amount:le"),
        ("stage.transaction", "balance:in_range"),
        ("stage.web_session", "hits:le"),
        ("stage.web_session", "time_on_site_seconds:le"),
        ("stage.web_session", "transaction_revenue:in_range"),
    ],
)
def test_the_contracts_of_stage_state_the_bounds(table: str, column: str) -> None:
    assert column in {rule.name for rule in contract(table).rules}
