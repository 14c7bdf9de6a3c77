"""Transactions from PostgreSQL: whole dates, late rows found, exact, or nothing delivered."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from customer360_assets.deliveries.feed_deliveries import FeedDeliveries
from customer360_assets.extraction import Extracted, extract_transactions
from resources.embedded.duckdb_engine import DuckDbEngine
from simulator.core_banking import CoreBanking, core_banking
from simulator.simulate import Simulated
from tests.deliveries.raw_home import Home
from tests.extraction.conftest import contents, source

LAST = dt.date(2024, 6, 30)
FIRST = LAST - dt.timedelta(days=10)
STAGE = (Path(__file__).parents[2] / "sql/stage/transaction.sql").read_text()
SUMS = "count(*), sum(amount), sum(balance)"


def rows(files: object, what: str = "*", order: str = "") -> list[tuple[Any, ...]]:
    listed = [str(f) for f in files] if isinstance(files, (list, tuple)) else [str(files)]
    return duckdb.execute(f"SELECT {what} FROM read_parquet(?) {order}", [listed]).fetchall()


def staged(deliveries: FeedDeliveries) -> list[dict[str, Any]]:
    """Return what stage publishes: rank 1 of each transaction."""
    files = deliveries.partition_files(dt.date.min, dt.date.max)
    inputs = {"raw.transaction": [str(f) for date in files for f in files[date]]}
    found = DuckDbEngine().query(STAGE, [dt.date(1990, 1, 1), LAST], inputs).to_pylist()
    return [row for row in found if row["delivery_rank"] == 1]


def agrees(core: CoreBanking, stage: list[dict[str, Any]], until: dt.date) -> None:
    """Each transaction of the source once, and the totals of each date and type."""
    there = core.server.query(
        f"SELECT date::date, type, {SUMS} FROM transactions"
        f" WHERE date < '{until + dt.timedelta(days=1)}' GROUP BY 1, 2"
    )
    totals: dict[tuple[str, str], list[Decimal]] = {}
    for row in stage:
        total = totals.setdefault((str(row["business_date"]), row["type"]), [Decimal(0)] * 3)
        total[:] = [total[0] + 1, total[1] + row["amount"], total[2] + row["balance"]]
    here = ["|".join([*key, *map(str, total)]) for key, total in totals.items()]
    assert sorted(here) == sorted(there.splitlines())
    assert len({row["trans_id"] for row in stage}) == len(stage)


def names(taken: Extracted) -> list[str]:
    return [file.name for file in taken.delivered]


def test_the_first_extraction_takes_everything(
    bank: Simulated, core: CoreBanking, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    taken = extract_transactions(source(core), home.landing_dir, LAST)
    assert [file.name for file in taken.files] == [
        "transactions_until_20240622.parquet",
        *(f"transactions_202406{day}.parquet" for day in range(23, 31)),
    ]
    assert taken.rows == bank.transactions == sum(t.rows for t in taken.totals)
    ((count, amount, balance),) = rows(f"{bank.transactions_files}/*.parquet", SUMS)
    assert (count, amount, balance) == (
        sum(t.rows for t in taken.totals),
        sum(t.amount or 0 for t in taken.totals),
        sum(t.balance or 0 for t in taken.totals),
    )
    described = duckdb.execute(f"DESCRIBE FROM '{taken.file}'").fetchall()
    assert [column[:2] for column in described] == [
        ("trans_id", "BIGINT"), ("account_id", "BIGINT"), ("date", "TIMESTAMP"),
        ("type", "VARCHAR"), ("operation", "VARCHAR"),
        ("amount", "DECIMAL(18,2)"), ("balance", "DECIMAL(18,2)"),
    ]  # fmt: skip
    for file in taken.files:
        order = [row[:2] for row in rows(file, "date, trans_id")]
        assert order == sorted(order)
    assert rows(taken.file, "DISTINCT date::date") == [(LAST,)]
    agrees(core, staged(home.run("transaction")), LAST)


def test_the_same_content_is_the_same_bytes_and_no_second_delivery(
    core: CoreBanking, tmp_path: Path
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    extract_transactions(source(core, threads=1), one, LAST)
    extract_transactions(source(core, threads=4, memory="300MB"), other, LAST)
    assert contents(one) == contents(other)
    assert names(extract_transactions(source(core), one, LAST)) == []


def test_late_rows_are_found_and_only_dates_that_changed_come_again(
    bank: Simulated, tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    with core_banking(bank.transactions_files, tmp_path / "pg", until=FIRST) as core:
        extract_transactions(source(core), home.landing_dir, FIRST)
        agrees(core, staged(home.run("transaction")), FIRST)
        for day in range(1, 11):
            date = FIRST + dt.timedelta(days=day)
            core.record(date)
            late = core.server.query(
                "SELECT DISTINCT to_char(date, 'YYYYMMDD') FROM transactions"
                f" WHERE recorded_at = '{date}' ORDER BY 1"
            )
            taken = extract_transactions(source(core), home.landing_dir, date)
            assert names(taken) == [f"transactions_{d}.parquet" for d in late.splitlines()]
        deliveries = home.run("transaction")
        agrees(core, staged(deliveries), LAST)
    # Every date lies in one file: raw holds each transaction once, without help from stage.
    ids = home.rows(deliveries, "trans_id")
    assert len(ids) == len(set(ids)) == bank.transactions


@pytest.mark.slow
def test_without_a_look_back_late_rows_are_missed(bank: Simulated, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with core_banking(bank.transactions_files, tmp_path / "pg", until=FIRST) as core:
        for date in (FIRST, FIRST + dt.timedelta(days=1)):
            core.record(date)
            extract_transactions(source(core, look_back=0), home.landing_dir, date)
        with pytest.raises(AssertionError):
            agrees(core, staged(home.run("transaction")), date)


def test_days_without_an_extraction_leave_no_gap(bank: Simulated, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with core_banking(bank.transactions_files, tmp_path / "pg", until=FIRST) as core:
        extract_transactions(source(core, look_back=5), home.landing_dir, FIRST)
        core.record(LAST)
        # The first day after the last extraction looks back too: the simulated bank books up to
        # five days late.
        taken = extract_transactions(source(core, look_back=5), home.landing_dir, LAST)
        assert taken.files[0].name == "transactions_20240616.parquet"
        agrees(core, staged(home.run("transaction")), LAST)


@pytest.mark.slow
def test_rows_that_the_bank_took_back_disappear(bank: Simulated, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with core_banking(bank.transactions_files, tmp_path / "pg") as core:
        extract_transactions(source(core), home.landing_dir, LAST)
        home.run("transaction")
        core.server.query("DELETE FROM transactions WHERE date::date = '2024-06-28'")
        core.server.query("DELETE FROM transactions WHERE date::date = '2024-06-29'")
        core.server.query(
            "UPDATE transactions SET amount = amount + 0.01 WHERE trans_id ="
            " (SELECT max(trans_id) FROM transactions WHERE date::date = '2024-06-30')"
        )
        taken = extract_transactions(source(core), home.landing_dir, LAST)
        assert names(taken) == [f"transactions_202406{day}.parquet" for day in (28, 29, 30)]
        deliveries = home.run("transaction")
        agrees(core, staged(deliveries), LAST)
        # Two files without a row are not each other's duplicate: both empty their date.
        assert [r["status"] for r in deliveries.manifest()][-3:] == ["loaded"] * 3
        # What is older than the look-back is read again when its setting reaches there.
        core.server.query("DELETE FROM transactions WHERE date::date = '2024-06-10'")
        assert names(extract_transactions(source(core), home.landing_dir, LAST)) == []
        taken = extract_transactions(source(core, look_back=30), home.landing_dir, LAST)
        assert names(taken) == ["transactions_until_20240622.parquet"]
        agrees(core, staged(home.run("transaction")), LAST)


@pytest.mark.slow
def test_a_plain_file_of_late_rows_adds_to_its_date(bank: Simulated, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with core_banking(bank.transactions_files, tmp_path / "pg", until=LAST) as core:
        extract_transactions(source(core), home.landing_dir, LAST)
        columns = "trans_id, account_id, date, type, operation, amount, balance"
        core.server.query(
            f"INSERT INTO transactions ({columns}, recorded_at) VALUES (999999999, 1,"
            " '2024-06-27 10:00', 'credit', 'CCK', 12.34, 56.78, '2024-07-01')"
        )
        late = home.landing_dir / "transactions/late.parquet"
        duckdb.execute(
            "COPY (SELECT 999999999::BIGINT AS trans_id, 1::BIGINT AS account_id,"
            " TIMESTAMP '2024-06-27 10:00:00' AS date, 'credit' AS type, 'CCK' AS operation,"
            " 12.34::DECIMAL(18,2) AS amount, 56.78::DECIMAL(18,2) AS balance)"
            f" TO '{late}' (FORMAT parquet)"
        )
        agrees(core, staged(home.run("transaction")), LAST)
        # Extracted too, it is there twice, and stage keeps one.
        extract_transactions(source(core), home.landing_dir, LAST)
        deliveries = home.run("transaction")
        assert home.rows(deliveries, "trans_id").count((999999999,)) == 2
        agrees(core, staged(deliveries), LAST)
