"""What leaves a stage table, or never gets there because another file took its place, is named."""

from __future__ import annotations

import pytest

from tests.run.deliveries import CARDS, DAY, card, card_file, client, crm, crm_file
from tests.run.small_bank import SmallBank


def said(bank: SmallBank) -> str:
    return " ".join(bank.run(DAY).output.split())


def test_a_redelivery_with_fewer_records_is_reported(sound_bank: SmallBank) -> None:
    bank = sound_bank
    assert "not delivered any more" not in said(bank)
    bank.deliver({card_file(DAY): card(CARDS[0], 101)})
    expected = f"stage.card: 1 records that were published for {DAY} are not delivered any more."
    assert expected in said(bank)
    assert "not delivered any more" not in said(bank)


@pytest.mark.slow
def test_a_file_that_takes_the_place_of_another_is_reported(sound_bank: SmallBank) -> None:
    bank = sound_bank
    first, second = (crm_file(DAY, hour) for hour in ("070000", "080000"))
    bank.deliver({first: crm(client(5001, age=45), client(5002), client(5003))})
    bank.deliver({second: crm(client(5001), client(5002), client(5003), client(5004))})
    assert f"crm_customer: {first} (3 records) was replaced by {second}" in said(bank)
