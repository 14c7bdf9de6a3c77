"""The guide's placeholders, the hooks and the pages of keys say what the code has."""

from __future__ import annotations

import re
import tomllib
from xml.etree import ElementTree

import pytest
import yaml
from pydantic import BaseModel
from typer.main import get_command

from customer360_assets.cli.main import app
from customer360_assets.contracts import contracts
from customer360_assets.feeds.loader import BUILT_IN
from customer360_assets.feeds.spec import BusinessDate, FeedSpec, Target
from tests.documents.repository import ROOT, code_spans, text_of

SVG = "{http://www.w3.org/2000/svg}"
GUIDE = text_of("CONTRIBUTING.md")
PAGES = GUIDE + text_of("docs/new_dimension.md") + text_of("docs/new_feed.md")


def _filled(path: str) -> str:
    """Return a path of the guide with names that exist in place of its placeholders."""
    stage = path.startswith("sql/stage") or "/stage/" in path
    names = {"set": BUILT_IN[0], "feed": "card", "table": "card", "name": "loyalty"}
    if path.startswith("spark/"):
        names["name"] = "customer_history"
    assert stage or "<table>" not in path
    return re.sub(r"<(\w+)>", lambda found: names[found[1]], path)


PLACEHOLDERS = sorted({s for s in code_spans(PAGES) if "/" in s and re.search(r"<\w+>", s)})


def test_the_guide_has_placeholders() -> None:
    assert len(PLACEHOLDERS) >= 8


@pytest.mark.parametrize("path", PLACEHOLDERS)
def test_a_path_with_a_placeholder_is_where_such_files_are(path: str) -> None:
    assert (ROOT / _filled(path)).is_file()


def test_markers_of_the_guide_are_those_of_pytest() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    markers = {m.split(":")[0] for m in project["tool"]["pytest"]["ini_options"]["markers"]}
    assert markers == set(re.findall(r"marked `(\w+)`", GUIDE))


def test_the_hooks_run_what_make_check_runs() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (recipe,) = re.findall(r"^check:.*\n((?:\t.*\n)+)", makefile, flags=re.M)
    commands = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe.splitlines()]
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    (repo,) = config["repos"]
    assert repo["repo"] == "local"
    assert [hook["entry"] for hook in repo["hooks"]] == commands
    for hook in repo["hooks"]:
        assert (hook["language"], hook["pass_filenames"]) == ("system", False)


@pytest.mark.parametrize("model", [FeedSpec, BusinessDate, Target])
def test_every_key_of_a_specification_has_its_row(model: type[BaseModel]) -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", text_of("docs/feeds.md"), flags=re.M))
    keys = {field.alias or name for name, field in model.model_fields.items()}
    assert keys - rows == set()


def test_every_dimension_is_described() -> None:
    said = set(re.findall(r"^\| [a-z ]+ \| `(\w+)` \|", text_of("docs/profile.md"), flags=re.M))
    assert said == {c.prefix for c in contracts("dimension")}, "the list of docs/profile.md"


def test_every_command_is_in_the_changelog() -> None:
    there = set(get_command(app).commands)  # type: ignore[attr-defined]
    (line,) = re.findall(r"\*\*Commands\*\*: ([^.]*)\.", text_of("CHANGELOG.md"))
    assert set(re.findall(r"`([\w-]+)`", line)) == there


def test_the_picture_says_in_words_what_it_shows() -> None:
    picture = ElementTree.parse(ROOT / "docs/images/architecture.svg").getroot()  # noqa: S314 ours
    said = {tag: picture.findtext(f"{SVG}{tag}") for tag in ("title", "desc")}
    ids = {e.get("id") for e in picture.iter()}
    assert all(said.values())
    assert set(picture.get("aria-labelledby", "").split()) <= ids
    drawn = " ".join(e.text or "" for e in picture.iter(f"{SVG}text"))
    for schema in ("raw", "stage", "dimension", "profile", "quarantine"):
        assert schema in drawn
