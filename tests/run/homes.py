"""Banks with a published date, built once per session and handed to each test as they were."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.run.deliveries import CARDS, DAY, card, card_file, good_day
from tests.run.kept import Kept, kept_once
from tests.run.loss_bank import first_day
from tests.run.small_bank import Files, SmallBank


def _run(root: Path, files: Files) -> SmallBank:
    bank = SmallBank(root)
    bank.deliver(files)
    ran = bank.run(DAY)
    assert ran.code == 0, ran.output
    return bank


@pytest.fixture(scope="session")
def card_key() -> Iterator[None]:
    """One key for every home, so that their tokens compare."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUSTOMER360_CARD_KEY", "5a" * 32)
        yield


@pytest.fixture(scope="session")
def first_date(card_key: None, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Three clients and a sound file of each feed, run."""
    return kept_once(tmp_path_factory, "one date", lambda root: _run(root, good_day()))


@pytest.fixture
def sound_bank(first_date: Kept) -> SmallBank:
    """A bank of three clients with one published date."""
    return first_date.back()


@pytest.fixture(scope="session")
def once_corrected(first_date: Kept, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """The same with a second run, of another file of cards."""

    def build(root: Path) -> SmallBank:
        bank = first_date.put_at(root)
        bank.deliver({card_file(hour="084030"): card(CARDS[2], 101)})
        assert bank.run(DAY).code == 0
        return bank

    return kept_once(tmp_path_factory, "one date corrected", build)


@pytest.fixture(scope="session")
def first_ten(card_key: None, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Ten clients and a card, run."""
    return kept_once(tmp_path_factory, "ten clients", lambda root: _run(root, first_day()))
