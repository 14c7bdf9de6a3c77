"""The same seed gives the same bytes, and nothing else decides them."""

from pathlib import Path

import pytest

from simulator import ledger
from simulator.settings import DefectShares, Settings
from simulator.simulate import Simulated, simulate, simulated
from tests.simulator.conftest import MANY, SIZE, tree


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 4])
def test_same_bytes_with_any_number_of_threads(
    bank: Simulated, tmp_path: Path, threads: int
) -> None:
    again = simulate(tmp_path / "again", **SIZE, defects=MANY, threads=threads)
    expected, found = tree(bank.out), tree(again.out)
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []


@pytest.mark.slow
def test_another_seed_is_another_bank(bank: Simulated, tmp_path: Path) -> None:
    other = simulate(tmp_path, **SIZE, defects=MANY, seed=8)
    assert other.customers_file.read_bytes() != bank.customers_file.read_bytes()
    assert tree(other.landing).keys() != tree(bank.landing).keys()


@pytest.mark.slow
def test_size_scales(tmp_path: Path) -> None:
    for customers, each in ((200, 20), (200, 60), (600, 20)):
        made = simulate(
            tmp_path / f"{customers}-{each}", customers, 30, transactions_per_customer=each
        )
        assert made.transactions == pytest.approx(customers * each, rel=0.03)


@pytest.mark.slow
def test_spans_leave_no_day_out_and_change_no_row(
    bank: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "ROWS_PER_SPAN", 2_000)
    assert len(ledger.spans(bank.settings)) > 5
    parts = simulate(tmp_path, **SIZE, defects=MANY)
    assert parts.transactions == bank.transactions
    for table in ("control_total", "closing_balance", "late_transaction"):
        assert parts.truth(table).read_bytes() == bank.truth(table).read_bytes()


def test_made_in_place_of_an_earlier_bank_and_of_nothing_else(tmp_path: Path) -> None:
    simulate(tmp_path / "bank", 50, 10)
    smaller = simulate(tmp_path / "bank", 40, 5)
    assert simulated(tmp_path / "bank") == smaller
    fresh = simulate(tmp_path / "fresh", 40, 5)
    assert tree(fresh.out) == tree(smaller.out)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(FileExistsError):
        simulate(tmp_path / "mine", 40, 5)


@pytest.mark.parametrize("customers", [1, 2, 3])
def test_the_smallest_banks(tmp_path: Path, customers: int) -> None:
    assert simulate(tmp_path, customers, 1).customers_file.exists()


def test_refuses_what_cannot_be() -> None:
    with pytest.raises(ValueError, match="html"):
        DefectShares(html=1.5)
    with pytest.raises(ValueError, match="at least 1 customer"):
        Settings(customers=0)
