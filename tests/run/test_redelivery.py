"""Corrected, touched, removed and late deliveries: what is rebuilt, and that nothing else is."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from customer360_assets.contracts import contracts
from customer360_assets.tables.transformations import transformation
from tests.run.deliveries import (
    CARDS,
    DAY,
    MAP_FILE,
    account,
    account_file,
    card,
    card_file,
    client,
    crm,
    crm_file,
    ga_file,
    good_day,
    json_lines,
    session,
    transactions,
)
from tests.run.kept import Kept
from tests.run.small_bank import SmallBank

NEXT, BEFORE, LONG_BEFORE = "2024-05-24", "2024-05-22", "2023-01-02"
PROFILE = {"profile.customer_360", "serving.customer_profile"}


def _reading(stage: str) -> set[str]:
    """Return the dimensions that read a stage table."""
    reads = {c.table: transformation(c.table).reads for c in contracts("dimension")}
    return {dimension for dimension, tables in reads.items() if stage in tables}


@pytest.fixture(scope="module")
def two_dates(first_date: Kept) -> Kept:
    bank = first_date.back()
    bank.deliver({card_file(NEXT): card(CARDS[2], 101)})
    assert bank.run(NEXT).code == 0
    return Kept.of(bank, "with two dates")


@pytest.fixture
def bank(two_dates: Kept) -> SmallBank:
    """A bank with two published dates."""
    return two_dates.back()


def _cards(bank: SmallBank) -> dict[str, list[int]]:
    """Cards of client 5001, 5002, 5003 as of each date."""
    query = "SELECT product_cards FROM profile.customer_360 ORDER BY client_id"
    return {d: [r["product_cards"] for r in bank.rows(query, as_of=d)] for d in (DAY, NEXT)}


@pytest.mark.slow
def test_defect_rows_appended_per_run(bank: SmallBank) -> None:
    """Two dates were run, and a third run does nothing: no figure is summed over runs."""
    assert _cards(bank) == {DAY: [1, 1, 0], NEXT: [2, 1, 0]}
    assert bank.run(NEXT).steps == ()
    (sums,) = bank.rows(
        "SELECT sum(history_credit_count_6m) AS n, sum(history_credit_sum_6m) AS total,"
        " count(*) AS clients FROM profile.customer_360"
    )
    assert (sums["n"], str(sums["total"]), sums["clients"]) == (2, "10.01", 3)


@pytest.mark.slow
def test_a_touched_file_is_nothing_new(bank: SmallBank) -> None:
    for path in bank.landing.rglob("*.*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    ran = bank.run(NEXT)
    assert (ran.code, ran.steps) == (0, ())


@pytest.mark.slow
def test_a_file_that_leaves_the_landing_zone_leaves_no_table(bank: SmallBank) -> None:
    before = bank.everything()
    for path in bank.landing.rglob("*.csv"):
        path.unlink()
    ran = bank.run(NEXT)
    assert (ran.code, ran.steps) == (0, ())
    assert bank.everything() == before


@pytest.mark.slow
def test_a_corrected_file_replaces_its_rows_and_what_rests_on_them(bank: SmallBank) -> None:
    earlier = str(good_day()[card_file()]).encode()
    bank.deliver({card_file(): card(CARDS[0], 103, "junior")})
    ran = bank.run(NEXT)
    assert ran.code == 0, ran.output
    # The date of the card and, once more, the date after it; no other table of either.
    dimensions = _reading("stage.card")
    assert "dimension.product_holding" in dimensions
    assert "dimension.marketing" not in dimensions
    assert ran.on(DAY) == {"raw.card", "stage.card", "profile.customer_360"} | dimensions
    assert ran.on(NEXT) == {"raw.delivery"} | dimensions | PROFILE
    assert _cards(bank) == {DAY: [0, 1, 0], NEXT: [1, 1, 0]}
    types, statuses = bank.query(
        f"SELECT type FROM stage.card WHERE business_date = DATE '{DAY}'",
        f"SELECT status FROM raw.delivery WHERE file = '{card_file()}' ORDER BY delivery_seq",
    )
    assert [r["type"] for r in types] == ["junior"]
    assert [r["status"] for r in statuses] == ["superseded", "loaded"]
    digest = hashlib.sha256(earlier).hexdigest()
    kept = bank.home / "archive" / "content" / digest[:2] / digest
    assert kept.read_bytes() == earlier


@pytest.mark.slow
def test_a_late_day_rebuilds_what_was_published_after_it(bank: SmallBank) -> None:
    """Web sessions of a day before all: marketing and profile of both dates, nothing else."""
    bank.deliver({ga_file(BEFORE): json_lines(session("0042", 7, 1))})
    ran = bank.run(NEXT)
    assert ran.code == 0, ran.output
    assert ran.on(BEFORE) == {"raw.ga_session", "stage.web_hit", "stage.web_session"}
    dimensions = _reading("stage.web_session")
    assert ran.on(DAY) == {"profile.customer_360"} | dimensions
    assert ran.on(NEXT) == {"raw.delivery"} | dimensions | PROFILE
    query = "SELECT web_sessions FROM profile.customer_360 WHERE client_id = 5001"
    assert [bank.rows(query, as_of=d) for d in (DAY, NEXT)] == [[{"web_sessions": 3}]] * 2


@pytest.mark.slow
def test_a_late_movement_counts_in_its_own_window_alone(bank: SmallBank) -> None:
    moved = transactions(LONG_BEFORE, [(90, 11, "credit", "CCK", "7.00")])
    bank.deliver({f"transactions/{LONG_BEFORE}.parquet": moved})
    ran = bank.run(NEXT)
    assert ran.code == 0, ran.output
    assert ran.on(LONG_BEFORE) == {"raw.transaction", "stage.transaction"}
    dimensions = _reading("stage.transaction")
    assert ran.on(DAY) == {"profile.customer_360"} | dimensions
    assert ran.on(NEXT) == {"raw.delivery"} | dimensions | PROFILE
    query = "SELECT sum(history_credit_sum_6m) AS total FROM profile.customer_360"
    assert str(bank.rows(query)[0]["total"]) == "10.01"


@pytest.mark.slow
def test_an_earlier_date_than_one_published(bank: SmallBank) -> None:
    """Nobody is known to CRM before its first snapshot; a late one makes the earlier date whole."""
    served = bank.everything()["serving.customer_profile"]
    bank.deliver({ga_file(BEFORE): json_lines(session("0042", 7, 1))})
    none = bank.run(BEFORE)
    assert none.code == 1
    assert f"No customer was delivered on or before {BEFORE}" in none.output
    bank.deliver({crm_file(BEFORE): crm(client(5001), client(5009))})
    ran = bank.run(BEFORE)
    assert ran.code == 0, ran.output
    assert f"profile.customer_360 of {BEFORE} is published: 2 clients." in ran.output
    assert ran.on(DAY) == set()
    # The store keeps the newest date.
    assert bank.everything()["serving.customer_profile"] == served
    (known,) = bank.rows("SELECT count(*) AS n FROM profile.customer_360", as_of=BEFORE)
    assert known == {"n": 2}
    assert bank.run(BEFORE).steps == ()


@pytest.mark.slow
def test_defect_windows_on_todays_date(sound_bank: SmallBank, tmp_path: Path) -> None:
    """A date run after a later one has the rows that it has in a home that saw no later one."""
    bank = SmallBank(tmp_path)
    bank.deliver({MAP_FILE: good_day()[MAP_FILE]})
    assert bank.run(DAY).code == 1
    bank.deliver(
        {
            **good_day(),
            f"transactions/{NEXT}.parquet": transactions(
                NEXT, [(91, 11, "credit", "CCK", "70.00")]
            ),
            card_file(NEXT): card(CARDS[2], 101),
            account_file(NEXT): account(14),
            crm_file(NEXT): crm(client(5001)),
        }
    )
    assert bank.run(NEXT, accept_loss=["stage.account", "stage.customer"]).code == 0
    assert bank.run(DAY).code == 0
    query = "SELECT * FROM profile.customer_360 ORDER BY client_id"
    assert bank.rows(query, as_of=DAY) == sound_bank.rows(query)
    (newer,) = bank.rows(query, as_of=NEXT)
    assert newer["history_credit_count_6m"] == 2
