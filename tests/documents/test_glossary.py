"""The glossary has each term once, in order, and none that nobody uses."""

from __future__ import annotations

import re

import pytest

from tests.documents.repository import DOCUMENTS, ROOT, text_of

GLOSSARY = "docs/glossary.md"
ROWS = re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|$", text_of(GLOSSARY), flags=re.M)[1:]
TERMS = [term for term, _ in ROWS]


def _words(text: str) -> str:
    """Return a text in small letters, its words parted by single blanks."""
    return re.sub(r"[\s_-]+", " ", text).lower()


@pytest.fixture(scope="module")
def used() -> str:
    """Return what the other documents and the code say."""
    code = [p for part in ("customer360_assets", "resources") for p in (ROOT / part).rglob("*.py")]
    texts = [text_of(d) for d in DOCUMENTS if d != GLOSSARY]
    return _words("\n".join([*texts, *(p.read_text("utf-8") for p in code)]))


def _is_used(term: str, text: str) -> bool:
    return re.search(rf"\b{re.escape(_words(term))}", text) is not None


def test_there_are_terms_in_order_and_once() -> None:
    assert len(TERMS) > 50
    assert sorted(set(TERMS), key=str.lower) == TERMS


@pytest.mark.parametrize("term", TERMS)
def test_a_term_is_used(term: str, used: str) -> None:
    assert _is_used(term, used)


def test_a_term_that_nobody_uses_is_found(used: str) -> None:
    assert not _is_used("quarantine landing feed", used)


@pytest.mark.parametrize(("term", "meaning"), ROWS, ids=TERMS)
def test_a_meaning_is_one_sentence_or_two(term: str, meaning: str) -> None:
    assert meaning.endswith((".", ").")), term
    assert len(meaning) <= 140
