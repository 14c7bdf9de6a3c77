"""The key of the card tokens: kept to its owner, made once, never shown."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.deployment.card_token import KEY_VARIABLE, CardKey, CardKeyError, card_key
from tests.deliveries.raw_home import PROCESSES, Home
from tests.patience import PATIENCE


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=32, max_size=100), st.text("0123456789", min_size=1, max_size=19))
def test_the_pads_make_the_hmac_of_python(secret: bytes, number: str) -> None:
    key = CardKey(secret)
    found = duckdb.execute(
        "SELECT sha256($2 || unhex(sha256($1 || encode($3))))", [*key.pads, number]
    ).fetchone()
    expected = hmac.new(secret, number.encode(), hashlib.sha256).hexdigest()
    assert found == (expected,)
    assert key.token(number) == expected


@pytest.fixture(autouse=True)
def no_key_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of whole runs share a key through their process's variables."""
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "card.key"
    first = card_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert card_key(path) == first
    assert card_key(tmp_path / "other.key") != first
    assert [p.name for p in path.parent.iterdir()] == ["card.key"]


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "card.key"
    card_key(path)
    path.chmod(0o640)
    with pytest.raises(CardKeyError, match="chmod 600"):
        card_key(path)


def test_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "ab" * 32)
    assert card_key(tmp_path / "card.key").secret == b"\xab" * 32
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given_key", ["ab" * 31, "not hex, and secret", "a"])
def test_a_weak_or_broken_key_is_refused_without_being_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given_key: str
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, given_key)
    with pytest.raises(CardKeyError) as raised:
        card_key(tmp_path / "card.key")
    assert given_key not in str(raised.value).replace(KEY_VARIABLE, "").replace("a key", "")


def test_a_key_is_not_in_its_own_text() -> None:
    key = CardKey(b"k" * 32)
    assert "kkk" not in repr(key)
    assert key.key_id != CardKey(b"l" * 32).key_id
    assert len(key.key_id) == 8


def make_key(path: Path, start: object, keys: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    keys.put(card_key(path).secret)  # type: ignore[attr-defined]


def test_two_processes_that_make_a_key_use_the_same(tmp_path: Path) -> None:
    start, keys = PROCESSES.Barrier(2), PROCESSES.Queue()
    makers = [
        PROCESSES.Process(target=make_key, args=(tmp_path / "card.key", start, keys)) for _ in "ab"
    ]
    for maker in makers:
        maker.start()
    made = {keys.get(timeout=PATIENCE) for _ in makers}
    for maker in makers:
        maker.join()
    assert len(made) == 1


def test_a_feed_that_makes_tokens_needs_a_key(home: Home) -> None:
    from customer360_assets.deliveries.feed_deliveries import read_deliveries

    with pytest.raises(ValueError, match="feed card makes card tokens and was given no key"):
        read_deliveries(home.job("card", key=None))
