"""Links, paths and commands in the documents lead to something."""

from __future__ import annotations

import re

import pytest

from tests.documents.repository import DOCUMENTS, ROOT, code_spans, paths_named, text_of

LINK = re.compile(r"!?\[[^\]\n]*\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
EXTERNAL = ("https://", "mailto:")
STALE = "docs/decisions/"
"""Decisions state what was found at their time and may name what has moved since."""


def links(text: str) -> list[str]:
    """Return the relative links of a text, without the place within the page."""
    found = (a or b for a, b in LINK.findall(text))
    return [link.split("#")[0] for link in found if not link.startswith((*EXTERNAL, "#"))]


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def missing(document: str, text: str) -> list[str]:
    """Return the links of a document that lead to no file of the repository."""
    folder = (ROOT / document).parent
    paths = {link: (folder / link).resolve() for link in links(text)}
    return [link for link, p in paths.items() if not p.is_relative_to(ROOT) or not p.exists()]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_to_a_file(document: str) -> None:
    assert missing(document, text_of(document)) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_place_within_a_page_is_a_heading(document: str) -> None:
    for link in re.findall(r"\]\(([^)\s]*#[^)\s]+)\)", text_of(document)):
        page, _, place = link.partition("#")
        if link.startswith(EXTERNAL):
            continue
        target = (
            text_of(document) if not page else ((ROOT / document).parent / page).read_text("utf-8")
        )
        assert place in map(_anchor, re.findall(r"^#+ (.+)$", target, flags=re.M)), link


def test_links_are_found_and_missed() -> None:
    text = (
        "[a](SECURITY.md) ![b](docs/images/none.png) [c](https://example.com) [d](docs/none.md#x)"
    )
    assert missing("README.md", text) == ["docs/images/none.png", "docs/none.md"]


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if not d.startswith(STALE)])
def test_every_path_that_a_document_names_exists(document: str) -> None:
    assert [path for path in paths_named(text_of(document)) if not (ROOT / path).exists()] == []


def test_every_picture_is_shown() -> None:
    shown = {
        (ROOT / document).parent.joinpath(link).resolve()
        for document in DOCUMENTS
        for link in links(text_of(document))
    }
    assert [p.name for p in sorted((ROOT / "docs/images").iterdir()) if p not in shown] == []


def targets() -> set[str]:
    """Return the targets of the Makefile."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    return set(re.findall(r"^([a-z-]+):", makefile, flags=re.M))


def targets_named(text: str) -> set[str]:
    """Return the targets of `make` in code spans and in blocks of code, not in sentences."""
    fenced = re.findall(r"^ *```.*?^ *```", text, flags=re.M | re.S)
    lines = re.findall(r"^ {4,}.*", text, flags=re.M) + "\n".join(fenced).splitlines()
    written = [*code_spans(text), *(line.strip() for line in lines)]
    return {found[1] for one in written if (found := re.match(r"make ([a-z][a-z-]*)", one))}


def test_targets_are_read_from_code_alone() -> None:
    text = "We\nmake it. `make one`\n```sh\nmake two  # x\n```\n    make three A=1\n"
    assert targets_named(text) == {"one", "two", "three"}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_that_a_document_names_exists(document: str) -> None:
    assert targets_named(text_of(document)) - targets() == set()


def test_the_two_commands_are_in_readme_and_guide() -> None:
    for document in ("README.md", "CONTRIBUTING.md"):
        for command in ("make demo", "make test"):
            assert re.search(rf"^{command} ", text_of(document), flags=re.M), document
