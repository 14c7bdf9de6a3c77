"""Tokens of one key for ever: another key, or none, is refused before anything is published."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from customer360_assets.deliveries.parsing.key_record import NOTE
from resources.deployment.card_token import KEY_VARIABLE, CardKey
from resources.embedded.sqlite_ledger import SqliteLedger
from resources.files.sqlite_files import connect
from tests.run.deliveries import CARDS, card, card_file
from tests.run.small_bank import SmallBank

NEXT = "2024-05-24"
TOKENS = "SELECT DISTINCT card_token FROM stage.card ORDER BY card_token"


@pytest.fixture
def own_key(sound_bank: SmallBank, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bank's key in its file, not in the variable."""
    monkeypatch.delenv(KEY_VARIABLE)
    path = sound_bank.deployment.key_path
    path.parent.mkdir(mode=0o700)
    path.write_text("5a" * 32)
    path.chmod(0o600)
    return path


def refused(bank: SmallBank) -> str:
    """Run the next day; return what it said, after finding that nothing has changed."""
    before = bank.everything()
    bank.deliver({card_file(NEXT): card(CARDS[2], 101)})
    ran = bank.run(NEXT)
    assert ran.code == 1
    assert ran.steps == ()
    assert bank.everything() == before
    return " ".join(ran.output.split())


@pytest.mark.slow
def test_a_deleted_key_is_not_generated_anew(sound_bank: SmallBank, own_key: Path) -> None:
    own_key.unlink()
    said = refused(sound_bank)
    assert f"The card token key {own_key} is gone" in said
    assert "restore it from a backup" in said
    assert not own_key.exists()


def test_another_key_of_the_file_is_refused(sound_bank: SmallBank, own_key: Path) -> None:
    own_key.write_text("5b" * 32)
    assert f"{own_key} holds another key" in refused(sound_bank)


def test_another_key_of_the_environment_is_refused(
    sound_bank: SmallBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "5b" * 32)
    said = refused(sound_bank)
    assert f"{KEY_VARIABLE} holds another key" in said
    assert "5b5b" not in said


@pytest.mark.slow
def test_the_first_key_goes_on(sound_bank: SmallBank, own_key: Path) -> None:
    tokens = sound_bank.rows(TOKENS)
    own_key.write_text("5b" * 32)
    refused(sound_bank)
    own_key.write_text("5a" * 32)
    assert sound_bank.run(NEXT).code == 0
    found = sound_bank.rows(TOKENS)
    assert tokens[0] in found
    assert {"card_token": CardKey(b"\x5a" * 32).token(CARDS[2])} in found


def test_a_home_of_an_earlier_release_gets_no_second_key(
    sound_bank: SmallBank, own_key: Path
) -> None:
    """It has tokens and no record of their key."""
    with closing(connect(sound_bank.deployment.ledger_path)) as ledger:
        ledger.execute("DELETE FROM note WHERE name = ?", (NOTE,))
    own_key.unlink()
    assert "is gone" in refused(sound_bank)


def test_what_is_recorded_does_not_give_the_key_away(sound_bank: SmallBank) -> None:
    recorded = SqliteLedger(sound_bank.deployment.ledger_path).noted(NOTE) or ""
    assert recorded == CardKey(b"\x5a" * 32).identity
    assert recorded != CardKey(b"\x5b" * 32).identity
    assert "5a5a" not in recorded
