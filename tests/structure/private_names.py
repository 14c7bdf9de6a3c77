"""Where the sources use what a library keeps to itself: private modules, names and members."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LIBRARIES = ("dagster", "pyiceberg")
OURS = {"self", "cls", "super()"}
PRIVATE = re.compile(r"(dagster(_\w+)?|pyiceberg)(\.\w+)*\._\w+|dagster_webserver\.\w+")
"""A dotted name of a module or of something in it that no public name leads to."""


@dataclass(frozen=True, order=True)
class Use:
    """A file uses a private name: of a module, or `Class.member` of a class that it extends."""

    file: str
    name: str


def uses(root: Path, files: list[Path]) -> set[Use]:
    """Return every use of a private name of the libraries, by import, text or inheritance."""
    found = set()
    for file in files:
        tree = ast.parse(file.read_text("utf-8"))
        where = file.relative_to(root).as_posix()
        found |= {Use(where, name) for name in (*_imported(tree), *_written(tree))}
        imported = _imports(tree)
        found |= {Use(where, name) for name in _inherited(tree, imported)}
        if any(module.split(".")[0] in LIBRARIES for module, _ in imported.values()):
            found |= {Use(where, name) for name in _reached_into(tree)}
    return found


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name for name in names if PRIVATE.match(name))


def _written(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and PRIVATE.fullmatch(text):
            yield text


def _imports(tree: ast.AST) -> dict[str, tuple[str, str | None]]:
    """Module and name behind each name that a file imports."""
    found: dict[str, tuple[str, str | None]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name: (alias.name, None) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {a.asname or a.name: (node.module, a.name) for a in node.names}
    return found


def _inherited(tree: ast.AST, imported: dict[str, tuple[str, str | None]]) -> Iterator[str]:
    """Members of a library's class that a class of ours overrides or uses."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        for base in node.bases:
            if (known := _library_class(base, imported)) is not None:
                own = _own(node)
                inherited = _members(known)
                for name in sorted((own & inherited) | (_used(node) - own)):
                    yield f"{known.__name__}.{name}"


def _library_class(base: ast.expr, imported: dict[str, tuple[str, str | None]]) -> type | None:
    if isinstance(base, ast.Subscript):
        base = base.value
    owner, _, attribute = ast.unparse(base).rpartition(".")
    module, name = imported.get(owner or attribute, ("", None))
    if not module or module.startswith("__"):
        return None
    found = getattr(importlib.import_module(module), name or attribute, None)
    origin = getattr(found, "__module__", "").split(".")[0]
    return found if isinstance(found, type) and origin in LIBRARIES else None


def _members(known: type) -> set[str]:
    """Private members of a class: what it defines, and what its methods set on self."""
    found = {name for name in dir(known) if _is_private(name)}
    for ancestor in known.__mro__:
        if ancestor.__module__.split(".")[0] in LIBRARIES:
            tree = ast.parse(textwrap.dedent(inspect.getsource(ancestor)))
            found |= _own(tree)
    return found


def _own(node: ast.AST) -> set[str]:
    """Private names that a class defines: methods, fields, and attributes set on self."""
    found = set()
    for child in ast.walk(node):
        if isinstance(child, ast.FunctionDef):
            found.add(child.name)
        elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            found.add(child.id)
        elif isinstance(child, ast.Attribute) and isinstance(child.ctx, ast.Store):
            found.add(child.attr)
    return {name for name in found if _is_private(name)}


def _used(node: ast.ClassDef) -> set[str]:
    return {
        child.attr
        for child in ast.walk(node)
        if isinstance(child, ast.Attribute)
        and _is_private(child.attr)
        and ast.unparse(child.value) in OURS
    }


def _reached_into(tree: ast.AST) -> Iterator[str]:
    """Private members of other objects, in a file that imports one of the libraries."""
    own = {name for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for name in _own(node)}
    for node in ast.walk(tree):
        foreign = isinstance(node, ast.Attribute) and node.attr not in own
        if foreign and _is_private(node.attr) and ast.unparse(node.value) not in OURS:
            yield ast.unparse(node)


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")
