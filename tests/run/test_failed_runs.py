"""What fails is not published, stops what rests on it alone, and is made good by the next run."""

from __future__ import annotations

import threading
from pathlib import Path

import dagster as dg
import pytest

from customer360_assets.planning.outstanding import SERVING
from tests.patience import PATIENCE
from tests.run.deliveries import CARDS, DAY, card, card_file
from tests.run.other_code import other_sql
from tests.run.small_bank import SmallBank

NEXT, AFTER = "2024-05-24", "2024-05-25"
PROFILE = "SELECT business_date, product_cards FROM profile.customer_360 ORDER BY client_id"


def _dates(bank: SmallBank, table: str) -> list[str]:
    return [str(d) for d in bank.platform().lake.dates(table)]


@pytest.mark.slow
def test_defect_a_failed_query_goes_on_as_if_finished(
    sound_bank: SmallBank, tmp_path: Path
) -> None:
    bank = sound_bank
    bank.deliver({card_file(NEXT): card(CARDS[2], 101, "platinum")})
    served = bank.everything()[SERVING]
    cast = "CAST(CAST(nullif(trim(type), '') AS bigint) AS varchar) AS type"
    with other_sql(tmp_path, "stage/card.sql", "nullif(trim(type), '') AS type", cast):
        ran = bank.run(NEXT)
    assert ran.code == 1
    assert "Not published. stage.card" in ran.output
    assert "platinum" not in ran.output
    assert NEXT not in _dates(bank, "stage.card") + _dates(bank, "dimension.product_holding")
    assert _dates(bank, "profile.customer_360") == [DAY]
    assert bank.everything()[SERVING] == served
    mended = bank.run(NEXT)
    assert mended.code == 0, mended.output
    # An unknown code again, and no more than that.
    assert len(bank.rows("SELECT * FROM quarantine.card WHERE rule = 'type:isin'")) == 1


@pytest.mark.slow
def test_a_dimension_that_breaks_its_contract_is_not_published(
    sound_bank: SmallBank, tmp_path: Path
) -> None:
    bank = sound_bank
    before = bank.everything()
    bank.deliver({card_file(AFTER): card(CARDS[2], 101)})
    was = "zero_or_null.cards) AS product_cards,"
    # Below 0 on the newest date alone.
    fewer = f"IF(zero_or_null.business_date >= DATE '{AFTER}', 2, 0)"
    now = f"zero_or_null.cards) - {fewer} AS product_cards,"
    with other_sql(tmp_path, "dimensions/product_holding.sql", was, now):
        ran = bank.run(AFTER)
    assert ran.code == 1
    assert "Not published. dimension.product_holding" in ran.output
    assert "product_cards:ge" in ran.output
    after = bank.everything()
    for table in ("dimension.product_holding", "profile.customer_360", SERVING):
        assert after[table] == before[table], table
    # What does not rest on it is published.
    assert AFTER in _dates(bank, "stage.card")
    assert AFTER in _dates(bank, "dimension.marketing")
    with bank.instance() as instance:
        (newest,) = instance.get_runs(limit=1)
        assert newest.status == dg.DagsterRunStatus.FAILURE
    mended = bank.run(AFTER)
    assert mended.code == 0, mended.output
    assert [r["product_cards"] for r in bank.rows(PROFILE)] == [2, 1, 0]


@pytest.mark.slow
def test_defect_readers_meet_a_missing_table(sound_bank: SmallBank) -> None:
    """A correction is published while a reader looks: it sees the old rows or the new ones."""
    bank = sound_bank
    bank.deliver({card_file(): card(CARDS[0], 103) + card(CARDS[1], 103)})
    reading, ended = threading.Event(), threading.Event()
    seen: set[tuple[int, ...]] = set()
    errors: list[Exception] = []

    def read() -> None:
        while not ended.is_set():
            try:
                seen.add(tuple(r["product_cards"] for r in bank.rows(PROFILE)))
            except Exception as error:
                errors.append(error)
                return
            finally:
                reading.set()

    reader = threading.Thread(target=read)
    reader.start()
    reading.wait()
    try:
        ran = bank.run(DAY)
    finally:
        ended.set()
        reader.join(PATIENCE)
    assert ran.code == 0, ran.output
    assert errors == []
    assert seen <= {(1, 1, 0), (0, 2, 0)}
    assert (1, 1, 0) in seen
    assert [r["product_cards"] for r in bank.rows(PROFILE)] == [0, 2, 0]
