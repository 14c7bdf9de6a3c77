"""Imports between the project's own modules, the circles that they form, and those that go up."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any


class Kind(IntEnum):
    """Where an import stands; a circle counts under the highest kind that it needs."""

    MODULE = 0
    FUNCTION = 1
    TYPES = 2


@dataclass(frozen=True, order=True)
class Import:
    """One module imports another."""

    importer: str
    imported: str
    kind: Kind


@dataclass(frozen=True)
class Circle:
    """Modules that import each other, directly or through one another."""

    modules: tuple[str, ...]
    kind: Kind


def modules(root: Path, packages: tuple[str, ...]) -> dict[str, Path]:
    """Return the file of each module by its dotted name."""
    found = {}
    for file in sorted(path for name in packages for path in (root / name).rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = file
    return found


def imports(files: Mapping[str, Path]) -> set[Import]:
    """Return every import of one of the modules by another."""
    found = set()
    for name, file in files.items():
        for kind, node in _statements(ast.parse(file.read_text("utf-8")), Kind.MODULE):
            for imported in _names(node):
                target = next((n for n in (imported, _parent(imported)) if n in files), name)
                if target != name:
                    found.add(Import(name, target, kind))
    return found


def _statements(tree: ast.AST, kind: Kind) -> Iterator[tuple[Kind, ast.Import | ast.ImportFrom]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield kind, node
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield from _statements(ast.Module(node.body, []), Kind.TYPES)
            yield from _statements(ast.Module(node.orelse, []), kind)
        else:
            within = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from _statements(node, max(kind, Kind.FUNCTION) if within else kind)


def _names(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if node.level:
        raise ValueError("a relative import: this project writes the whole name")
    return [f"{node.module}.{alias.name}" for alias in node.names]


def _parent(name: str) -> str:
    return name.rpartition(".")[0]


def circles(found: set[Import]) -> list[Circle]:
    """Return the circles, each under the highest kind of import that it needs."""
    known: set[tuple[str, ...]] = set()
    result = []
    for kind in Kind:
        graph: dict[str, set[str]] = {}
        for one in found:
            if one.kind <= kind:
                graph.setdefault(one.importer, set()).add(one.imported)
        reached = {name: _reached(name, graph) for name in graph}
        together = {
            tuple(sorted(other for other in reached[name] if name in reached.get(other, ())))
            for name in graph
        }
        result += [Circle(members, kind) for members in sorted(together - known) if members]
        known |= together
    return result


def _reached(name: str, graph: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    left = [name]
    while left:
        for imported in graph.get(left.pop(), ()):
            if imported not in seen:
                seen.add(imported)
                left.append(imported)
    return seen


def upward(found: set[Import], pyproject: Path) -> list[Import]:
    """Return the imports of what is not in a lower layer, by the layers of import-linter."""
    settings = tomllib.loads(pyproject.read_text("utf-8"))["tool"]["importlinter"]
    contracts = [c for c in settings["contracts"] if c["type"] == "layers"]
    return sorted(one for one in found if any(_is_upward(one, c) for c in contracts))


def _is_upward(one: Import, contract: Mapping[str, Any]) -> bool:
    layers = list(reversed(contract["layers"]))
    ranks = {child.strip(): rank for rank, layer in enumerate(layers) for child in layer.split("|")}
    for container in contract.get("containers", [""]):
        importer, imported = (_child(m, container) for m in (one.importer, one.imported))
        known = importer in ranks and imported in ranks and importer != imported
        if known and ranks[importer] <= ranks[imported]:
            return True
    return False


def _child(module: str, container: str) -> str:
    inside = module.removeprefix(f"{container}.") if container else module
    return "" if container and inside == module else inside.split(".")[0]
