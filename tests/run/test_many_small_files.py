"""A date of many small files is published as one file of the same rows."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from customer360_assets.publishing.combined import PREFIX
from resources.embedded.opened import open_lake
from tests.run.deliveries import DAY, good_day
from tests.run.small_bank import SmallBank

MORE = 11
LIMIT = "customer360_assets.publishing.combined.MANY"


def cards(part: int) -> str:
    """A file of one card, every tenth with a record that breaks a rule beside it."""
    card = f"{5555555555550000 + part},{part},gold,2024-01-02T03:04:05.123456\n"
    return card + ("broken\n" if part % 10 == 0 else "")


DATE = DAY.replace("-", "")


def bank_of_many(root: Path) -> SmallBank:
    bank = SmallBank(root)
    bank.deliver(good_day())
    bank.deliver({f"card/card00{DATE}-{1000 + part}.csv": cards(part) for part in range(MORE)})
    return bank


def test_one_file_holds_the_rows_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LIMIT, 4)
    bank = bank_of_many(tmp_path)
    bank.run(DAY)
    lake = open_lake(bank.deployment)
    (combined,) = lake.files("raw.card")
    assert Path(combined).parent.name.startswith(PREFIX)
    rows = [row for batch in lake.batches("raw.card") for row in batch.to_pylist()]
    small = [row for row in rows if row["delivery_seq"] > 1]
    assert len(small) == len({row["delivery_id"] for row in small}) == MORE
    quarantined = [row for b in lake.batches("quarantine.card") for row in b.to_pylist()]
    assert [row["line_no"] for row in quarantined] == [2] * len(range(0, MORE, 10))


@pytest.mark.slow
def test_every_table_is_as_of_files_that_stay_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank, plain = bank_of_many(tmp_path / "many"), bank_of_many(tmp_path / "plain")
    monkeypatch.setattr(LIMIT, 4)
    bank.run(DAY)
    monkeypatch.setattr(LIMIT, MORE * 2)
    plain.run(DAY)
    assert len(open_lake(plain.deployment).files("raw.card")) == MORE + 1
    assert plain.everything() == bank.everything()


@pytest.mark.slow
def test_a_combined_file_that_was_replaced_goes_and_parsed_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LIMIT, 4)
    bank = bank_of_many(tmp_path)
    bank.run(DAY)
    lake = open_lake(bank.deployment)
    first = lake.files("raw.card")
    bank.deliver({f"card/card00{DATE}-1003.csv": cards(3) + cards(999)})
    bank.run(DAY)
    second = lake.files("raw.card")
    assert second != first
    lake.expire("raw.card", keep_last=1)
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    assert lake.remove_orphans("raw.card", soon, PREFIX) == first
    bank.deliver({f"card/card00{DATE}-1004.csv": cards(4) + cards(998)})
    ran = bank.run(DAY)
    assert ran.code == 0, ran.output
    assert bank.rows("SELECT count(*) AS n FROM raw.card")[0]["n"] == MORE + 4
