"""Cases of the surroundings: the feed set's encoding, text that is printed, paths of the home."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cases.case import ACCOUNT, Case
from tests.cases.site import Site

FEED_SETS = "33-yaml-encodings"
PATHS = "36-home-path-characters"
LENGTHS = "SELECT client_id, length(occupation) FROM stage.customer ORDER BY client_id"


def _saved_as(encoding: str) -> Callable[[Site], None]:
    """Return the step that saves one specification in another encoding."""

    def save(site: Site) -> None:
        file = Path(str(site.feeds), "account.yaml")
        text = file.read_text(encoding="utf-8").replace("origination", "débit")
        file.write_bytes(text.encode(encoding))

    return save


def _at(place: str, **expected: Any) -> Case:
    return Case(PATHS, way=f"below {place.encode('unicode_escape').decode()}", at=place, **expected)


def _refused(place: str) -> Case:
    """Return the case of a path that one of the engines cannot read."""
    return _at(place, stops=True, says=("The path of the home",), slow=False)


PLACES = (
    Case(
        FEED_SETS,
        rows={"account": 0},
        refused={ACCOUNT: "no business date: the name does not fit"},
    ),
    Case(
        FEED_SETS,
        way="saved as UTF-16",
        setup=_saved_as("utf-16"),
        stops=True,
        says=("account.yaml", "UTF-16"),
        slow=False,
    ),
    Case(
        FEED_SETS,
        way="saved as Windows-1252",
        setup=_saved_as("cp1252"),
        stops=True,
        says=("account.yaml", "not UTF-8"),
        slow=False,
    ),
    Case(
        FEED_SETS,
        way="a codec that is no text encoding",
        feeds={"account": "encoding: rot13\n"},
        stops=True,
        says=("account.yaml", "encoding", "rot13"),
        slow=False,
    ),
    Case(
        "34-output-encoding",
        values={LENGTHS: [(1, 6), (2, 18), (3, 8), (4, 7)]},
        waits="command line",
    ),
    Case(PATHS),
    _at("Zoë's home #1 (a+b) & co"),
    _at("x" * 150),
    _at("100%"),
    *(_refused(place) for place in ("[x]", "*", "a\tb", "a?b", "{x}")),
    Case(
        "43-square-brackets-in-text",
        refused={
            "card/card0020240523-[red].csv": "an HTML",
            "card/card0020240523-060000 [1].csv": "no record fits the feed",
        },
        unmatched=("[bold]x[/bold].txt",),
        values={LENGTHS: [(1, 9), (2, 16), (3, 5), (4, 10)]},
        waits="command line: text of the tables is printed as it is",
    ),
    Case(
        "48-home-in-landing",
        home="landing/home",
        stops=True,
        says=("is within the landing folder",),
        slow=False,
    ),
)
