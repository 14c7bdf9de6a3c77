"""The workshop's deliveries, source to store: figures that were counted from the files."""

from __future__ import annotations

import json

import pytest

from customer360_assets.cli.options import OutputFormat
from customer360_assets.cli.sql import sql_command
from resources.protocols.sql_engine import SqlError
from tests.run.conftest import Home, customer360, customer360_here
from tests.run.small_bank import run_here


def test_the_run_says_what_it_did(workshop: Home) -> None:
    assert workshop.ran.code == 0, workshop.ran.output
    assert "profile.customer_360 of 2024-05-23 is published: 500 clients." in workshop.ran.output
    assert "transaction: no delivery on or before 2024-05-23" in workshop.ran.output


ROWS = {
    "stage.customer": 500,
    "stage.account": 1999,
    "stage.card": 15127,
    "stage.disposition": 200,
    "stage.web_session": 50,
    "stage.web_hit": 215,
    "stage.web_visitor_map": 201,
    "profile.customer_360": 500,
    "raw.delivery": 10,
}


def test_rows(workshop: Home) -> None:
    """By the command itself; the other tests ask in this process."""
    counts = [f"SELECT '{t}' AS name, count(*) AS n FROM {t}" for t in ROWS]
    query = " UNION ALL ".join(counts)
    ran = customer360("sql", query, "--home", workshop.path, "--format", "json")
    assert ran.code == 0, ran.output
    assert {r["name"]: r["n"] for r in json.loads(ran.output)} == ROWS


def test_one_profile_per_client(workshop: Home) -> None:
    found = workshop.row(
        "SELECT count(DISTINCT client_id) AS clients, count(product_accounts) AS products,"
        " count_if(product_accounts > 0) AS accounts, count_if(product_cards > 0) AS cards,"
        " sum(web_sessions_weighted) AS sessions, sum(web_hits_weighted) AS hits,"
        " count(history_credit_count_6m) AS history, max(delivered_card) AS card,"
        " max(delivered_ga_session) AS web, count(delivered_transaction) AS no_transactions"
        " FROM profile.customer_360"
    )
    assert found == {
        "clients": 500,
        "products": 500,
        "accounts": 164,
        "cards": 57,
        "sessions": "40.0000000000",
        "hits": "161.0000000000",
        # No transaction was ever delivered: unknown, not 0.
        "history": 0,
        "card": "2024-05-23",
        "web": "2017-07-30",
        "no_transactions": 0,
    }


def test_a_profile_by_client_and_by_branch(workshop: Home) -> None:
    ran = customer360_here("profile", "5233", "--home", workshop.path, "--format", "json")
    profile = json.loads(ran.output)
    assert (profile["product_accounts"], profile["product_cards"]) == (2, 628)
    branch = customer360_here("branch", str(profile["branch_id"]), "--home", workshop.path)
    assert branch.code == 0
    assert "5233" in branch.output
    by_date = customer360_here(
        "profile", "5233", "--home", workshop.path, "--format", "json", "--as-of", "2024-06-01"
    )
    assert json.loads(by_date.output) == profile


def test_an_unknown_client_is_reported(workshop: Home) -> None:
    ran = customer360_here("profile", "1", "--home", workshop.path)
    assert ran.code == 1
    assert "No profile of client 1" in ran.output


def test_a_second_run_does_nothing(workshop: Home) -> None:
    before = workshop.rows("SELECT * FROM raw.delivery ORDER BY delivery_id")
    code, printed = run_here(workshop.path, workshop.landing, "2024-05-23")
    assert code == 0
    assert "nothing was outstanding" in printed
    assert " runs, " not in printed
    assert workshop.rows("SELECT * FROM raw.delivery ORDER BY delivery_id") == before


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT nope FROM stage.card", "nope"),
        ("DROP TABLE stage.card", ""),
        ("SELECT * FROM read_csv('/etc/passwd')", ""),
    ],
)
def test_a_query_that_is_refused(
    workshop: Home, capfd: pytest.CaptureFixture[str], query: str, expected: str
) -> None:
    """It says why; it neither writes nor reads elsewhere."""
    with pytest.raises(SqlError, match=expected):
        sql_command(workshop.path, query, None, OutputFormat.table)
    printed = capfd.readouterr()
    assert "root:" not in printed.out + printed.err


def test_the_archive_holds_the_delivered_bytes(workshop: Home) -> None:
    for row in workshop.rows("SELECT file, sha256, bytes FROM raw.delivery"):
        kept = workshop.path / "archive" / "content" / row["sha256"][:2] / row["sha256"]
        assert kept.read_bytes() == (workshop.landing / row["file"]).read_bytes()
        assert kept.stat().st_size == row["bytes"]


def test_card_numbers_stay_in_raw(workshop: Home) -> None:
    """Every file of the home beyond archive, raw and quarantine is free of clear numbers."""
    numbers = {r["card_id"].encode() for r in workshop.rows("SELECT card_id FROM raw.card")}
    assert len(numbers) == 15127
    stage = workshop.rows("SELECT card_token, card_last_four FROM stage.card")
    assert len({r["card_token"] for r in stage}) == 15127
    clear = {str(value).encode() for row in stage for value in row.values()} & numbers
    assert clear == set()
    some = sorted(numbers)[:200]
    for path in workshop.path.rglob("*"):
        inside = path.relative_to(workshop.path).parts
        if path.is_file() and inside[0] != "archive" and inside[:2] != ("lake", "raw"):
            content = path.read_bytes()
            assert not any(n in content for n in some), path
