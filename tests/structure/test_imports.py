"""No import circle, nor an import from a lower to a higher package; the measure finds either."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.structure.__main__ import ROOT, SOURCES, main, report
from tests.structure.imports import (
    Circle,
    Import,
    Kind,
    circles,
    imports,
    modules,
    upward,
)

LAYERS = """
[[tool.importlinter.contracts]]
type = "layers"
layers = ["above", "below"]

[[tool.importlinter.contracts]]
type = "layers"
containers = ["below"]
layers = ["top", "left | right"]
"""


def _imports(root: Path, **sources: str) -> set[Import]:
    """Imports of a tree; `below__left` is the module below.left, `below` the package's own."""
    for name, text in sources.items():
        file = root / f"{name.replace('__', '/') if '__' in name else f'{name}/__init__'}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return imports(modules(root, ("above", "below")))


@pytest.fixture(scope="module")
def found() -> set[Import]:
    return imports(modules(ROOT, (*SOURCES, "tests")))


def test_no_circle_whatever_kind_of_import_closes_it(found: set[Import]) -> None:
    assert circles(found) == []


def test_no_import_from_a_lower_to_a_higher_package(found: set[Import]) -> None:
    assert upward(found, ROOT / "pyproject.toml") == []


def test_nothing_but_tests_imports_tests(found: set[Import]) -> None:
    importers = {i.importer for i in found if i.imported.startswith("tests")}
    assert {name for name in importers if not name.startswith("tests")} == set()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("import below.right", Kind.MODULE),
        ("from below import right", Kind.MODULE),
        ("class A:\n    from below.right import x", Kind.MODULE),
        ("def f():\n    import below.right", Kind.FUNCTION),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import below.right", Kind.TYPES),
        ("import typing as t\nif t.TYPE_CHECKING:\n    from below.right import x", Kind.TYPES),
    ],
)
def test_a_circle_of_two(tmp_path: Path, text: str, kind: Kind) -> None:
    found = _imports(tmp_path, below__left=text, below__right="from below.left import y")
    assert circles(found) == [Circle(("below.left", "below.right"), kind)]


def test_a_circle_through_a_third(tmp_path: Path) -> None:
    found = _imports(
        tmp_path,
        below__left="import below.top",
        below__top="import above.one",
        above__one="def f():\n    from below import left",
        above__two="import above.one",
    )
    members = ("above.one", "below.left", "below.top")
    assert circles(found) == [Circle(members, Kind.FUNCTION)]


def test_a_circle_with_a_packages_own_module(tmp_path: Path) -> None:
    found = _imports(
        tmp_path,
        below="from below.left import x",
        below__left="def f():\n    from below import x",
    )
    assert circles(found) == [Circle(("below", "below.left"), Kind.FUNCTION)]


@pytest.mark.parametrize(
    ("importer", "imported"),
    [("below.left", "above.one"), ("below.left", "below.top"), ("below.left", "below.right")],
)
def test_an_upward_import(tmp_path: Path, importer: str, imported: str) -> None:
    (tmp_path / "pyproject.toml").write_text(LAYERS, "utf-8")
    names = dict.fromkeys(("above__one", "below__top", "below__right"), "")
    text = f"def f():\n    import {imported}"
    found = _imports(tmp_path, **names, **{importer.replace(".", "__"): text})
    assert upward(found, tmp_path / "pyproject.toml") == [Import(importer, imported, Kind.FUNCTION)]


def test_a_downward_import(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(LAYERS, "utf-8")
    found = _imports(tmp_path, above__one="import below.top", below__top="import below.left",
                     below__left="")  # fmt: skip
    assert len(found) == 2
    assert upward(found, tmp_path / "pyproject.toml") == []


def test_the_report_counts(tmp_path: Path) -> None:
    package = tmp_path / "customer360_assets"
    package.mkdir()
    (package / "one.py").write_text('def f():\n    """Give what is told."""\n', "utf-8")
    lower = tmp_path / "resources"
    lower.mkdir()
    (lower / "two.py").write_text("import customer360_assets.one\n", "utf-8")
    assert report(tmp_path, verbose=True) == [
        "Import circles: 0 (0 at import, 0 closed within functions, 0 closed for types)",
        "Imports from a lower to a higher package: 1 (in 1 modules)",
        "Docstrings that begin with Give, Say or Tell: 1 of 1",
        "'told' and 'tell' per 1,000 lines: 333.3",
        "Lines of a file: median 2, most 2",
        "upward: resources.two imports customer360_assets.one",
    ]


def test_the_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "--verbose" in capsys.readouterr().out
