"""Private names of dagster and pyiceberg stand in one module per library, and none is left over."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from customer360_assets.web import webserver_internals
from resources import dagster_internals
from resources.iceberg import pyiceberg_internals
from tests.structure.__main__ import ROOT, SOURCES
from tests.structure.imports import modules
from tests.structure.private_names import Use, uses

INTERNALS = {
    "customer360_assets/web/webserver_internals.py": webserver_internals.__all__,
    "resources/dagster_internals.py": dagster_internals.__all__,
    "resources/iceberg/pyiceberg_internals.py": pyiceberg_internals.__all__,
}
PROTECTED = {
    f"{name}.{member}"
    for listed in (dagster_internals.PROTECTED, pyiceberg_internals.PROTECTED)
    for name, members in listed.items()
    for member in members
}
FILES = [*modules(ROOT, SOURCES).values()]


@pytest.fixture(scope="module")
def used() -> set[Use]:
    return uses(ROOT, FILES)


def test_no_other_module_uses_a_private_name(used: set[Use]) -> None:
    elsewhere = {use for use in used if use.file not in INTERNALS}
    assert {use for use in elsewhere if use.name not in PROTECTED} == set()


def test_what_is_handed_on_is_imported_from_there_alone() -> None:
    handed_on = set(pyiceberg_internals.PLACES.values())
    found = set()
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = {f"{node.module}.{alias.name}" for alias in node.names}
                found |= {(file.relative_to(ROOT).as_posix(), name) for name in names & handed_on}
    assert {file for file, _ in found} == {"resources/iceberg/pyiceberg_internals.py"}
    # The types that mypy sees are those that are imported when they are asked for.
    assert {name for _, name in found} == handed_on


def test_every_listed_member_is_used(used: set[Use]) -> None:
    assert PROTECTED - {use.name for use in used} == set()


@pytest.mark.parametrize("internals", INTERNALS)
def test_every_name_is_used(internals: str) -> None:
    module = internals.removesuffix(".py").replace("/", ".")
    imported = set()
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == module:
                imported |= {alias.name for alias in node.names}
    assert set(INTERNALS[internals]) - imported == set()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("from dagster._core.events import DagsterEvent", "dagster._core.events.DagsterEvent"),
        ("def f():\n    import dagster._core.events", "dagster._core.events"),
        ("import dagster_webserver.app", "dagster_webserver.app"),
        ("from dagster_aws._private import x", "dagster_aws._private.x"),
        ("from pyiceberg.catalog.glue import _to_columns", "pyiceberg.catalog.glue._to_columns"),
        ("command = ['-m', 'dagster._daemon']", "dagster._daemon"),
        ("import dagster as dg\nx = dg.instance._run_storage", "dg.instance._run_storage"),
        ("def f(t):\n    from pyiceberg import io\n    return t._do_commit", "t._do_commit"),
        (
            "from pyiceberg.catalog.sql import SqlCatalog\n"
            "class Mine(SqlCatalog):\n    def _init_catalog(self): ...",
            "SqlCatalog._init_catalog",
        ),
        (
            "from resources.dagster_internals import SqliteEventLogStorage\n"
            "class Mine(SqliteEventLogStorage):\n    def f(self): return self._db_lock",
            "SqliteEventLogStorage._db_lock",
        ),
    ],
)  # fmt: skip
def test_a_use_is_found(tmp_path: Path, text: str, name: str) -> None:
    file = tmp_path / "some.py"
    file.write_text(text, "utf-8")
    assert uses(tmp_path, [file]) == {Use("some.py", name)}


@pytest.mark.parametrize(
    "text",
    [
        "import dagster as dg\nclass Mine(dg.Executor):\n    def f(self): return self._own\n"
        "    def _own(self): ...",
        "from pyiceberg.catalog.sql import SqlCatalog\nname = SqlCatalog.__name__",
        "def f(other):\n    return other._columns",
    ],
)
def test_what_is_public_or_our_own_is_no_use(tmp_path: Path, text: str) -> None:
    file = tmp_path / "some.py"
    file.write_text(text, "utf-8")
    assert uses(tmp_path, [file]) == set()
