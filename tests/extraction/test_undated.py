"""Movements without a date are in no file; that they exist is reported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from customer360_assets.extraction import extract_transactions
from simulator.core_banking import CoreBanking, core_banking
from simulator.simulate import Simulated
from tests.extraction.conftest import source
from tests.extraction.test_transactions import LAST
from tests.run.conftest import customer360

REPORTED = "transaction: 3 rows of the source state no date"


@pytest.fixture(scope="module")
def undated(bank: Simulated, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoreBanking]:
    """Core banking with three movements that have no date."""
    with core_banking(bank.transactions_files, tmp_path_factory.mktemp("pg")) as core:
        core.server.query("ALTER TABLE transactions ALTER COLUMN date DROP NOT NULL")
        core.server.query("UPDATE transactions SET date = NULL WHERE trans_id IN (1, 2, 3)")
        yield core


def test_they_are_counted_and_not_delivered(
    bank: Simulated, undated: CoreBanking, tmp_path: Path
) -> None:
    # The first extraction reads the history, too; the second only dates of late.
    for _ in range(2):
        taken = extract_transactions(source(undated), tmp_path, LAST)
        assert taken.undated == 3
        assert all(t.rows for t in taken.totals)
    first = extract_transactions(source(undated), tmp_path / "first", LAST)
    assert first.rows == sum(t.rows for t in first.totals) == bank.transactions - 3


@pytest.mark.slow
def test_the_command_reports_them(undated: CoreBanking, core: CoreBanking, tmp_path: Path) -> None:
    date = ("--business-date", str(LAST))
    for database, reported in ((undated, True), (core, False)):
        ran = customer360("extract", "--landing", tmp_path / str(reported), *date,
                          "--source-db", database.url)  # fmt: skip
        assert ran.code == 0, ran.output
        assert (REPORTED in " ".join(ran.output.split())) is reported
