"""A span is staged and audited piece by piece where it is long, and gives the same."""

from __future__ import annotations

import datetime as dt
from functools import partialmethod
from pathlib import Path

import pytest

from customer360_assets.fates import rows as fates
from customer360_assets.publishing.reading import grouped, pieces
from customer360_assets.tables.partitions import Span
from resources.embedded.duckdb_engine import DuckDbEngine
from tests.run.deliveries import DAY, card, card_file, good_day
from tests.run.small_bank import Row, SmallBank
from tests.run.test_defects import DEFECTS, LATE, LATER

SPAN = Span(dt.date.fromisoformat(LATE), dt.date.fromisoformat(LATER))


def _in_pieces_of(monkeypatch: pytest.MonkeyPatch, limit: int | None) -> None:
    made = partialmethod(DuckDbEngine.__init__, bytes_at_once=limit)
    monkeypatch.setattr(DuckDbEngine, "__init__", made)


def _built(
    monkeypatch: pytest.MonkeyPatch, home: Path, limit: int | None
) -> tuple[dict[str, list[Row]], list[Span]]:
    with monkeypatch.context() as patched:
        patched.setenv("CUSTOMER360_CARD_KEY", "7b" * 32)
        _in_pieces_of(patched, limit)
        bank = SmallBank(home)
        bank.deliver({**good_day(), **DEFECTS})
        assert bank.run(LATER, accept_loss=["stage.customer"]).code == 0
        return bank.everything(), pieces(bank.platform(), "raw.transaction", SPAN)


@pytest.mark.slow
def test_rows_are_those_of_one_piece(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole, one = _built(monkeypatch, tmp_path / "whole", None)
    apart, several = _built(monkeypatch, tmp_path / "apart", 1)
    assert one == [SPAN]
    assert len(several) == 2
    assert sum(len(rows) for table, rows in whole.items() if table.startswith("quarantine.")) > 0
    for table, rows in whole.items():
        assert apart[table] == rows, table


@pytest.mark.slow
def test_a_repeated_key_is_found_in_whichever_piece(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # A stage query that lets a repeat through, on the first of two dates.
    strict = fates.fate_sql
    monkeypatch.setattr(
        fates,
        "fate_sql",
        lambda *given: strict(*given).replace("delivery_rank > 1", "FALSE"),
    )
    _in_pieces_of(monkeypatch, 1)
    bank = SmallBank(tmp_path)
    twice, once = card("4929000000000066", 101) * 2, card("4929000000000055", 101)
    bank.deliver({**good_day(), card_file(DAY): twice, card_file(LATER): once})
    ran = bank.run(LATER)
    assert ran.code != 0
    reported = " ".join(ran.output.split())
    assert "stage.card 2024-05-23 to 2024-05-24: Not published. 1 rows repeat a key" in reported
    assert not bank.platform().lake.dates("stage.card")


def test_pieces_cover_a_span_and_divide_no_date() -> None:
    day = dt.date(2024, 5, 1)
    sizes = {day + dt.timedelta(days=n): size for n, size in enumerate((5, 4, 1, 30, 2, 9))}
    groups = grouped(sizes, 10)
    assert [[sizes[date] for date in group] for group in groups] == [[5, 4, 1], [30], [2], [9]]
    assert [date for group in groups for date in group] == list(sizes)
    assert grouped(sizes, None) == [list(sizes)]
