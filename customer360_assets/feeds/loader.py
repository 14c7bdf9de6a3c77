"""Loading of feed specifications; an error names the file, the key and what would be right."""

from __future__ import annotations

import codecs
import datetime as dt
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from customer360_assets.contracts import contract, contracts
from customer360_assets.contracts.contract import Contract
from customer360_assets.contracts.identity import record_key
from customer360_assets.feeds.spec import FeedSpec, Target
from resources.protocols.errors import ExplainedError

BUILT_IN = ("workshop", "berka")


class FeedError(ExplainedError, ValueError):
    """A specification that cannot be used."""


class _RepeatedKeyError(ValueError):
    """A key is given twice in one mapping."""


class _PlainLoader(yaml.SafeLoader):
    """YAML in which only true, false and null are not text, so that codes keep 01, NO and 1.0."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping; raise _RepeatedKeyError where YAML lets the last of equal keys win."""
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            line = key.start_mark.line + 1
            if key.value in lines:
                raise _RepeatedKeyError(
                    f"{key.value}: given twice, in lines {lines[key.value]} and {line}; keep one"
                )
            lines[key.value] = line
        return super().construct_mapping(node, deep)


# An explicit tag of another type, such as !!timestamp, is refused: its reader may fail anyhow.
_PlainLoader.yaml_constructors = {
    tag: read
    for tag, read in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag.rpartition(":")[2] in ("bool", "null", "str", "seq", "map")
}
_PlainLoader.yaml_implicit_resolvers = {}
_PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf")
)
_PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:null|~)$"), list("n~")
)


def load_feeds(name: str | Path, first: dt.date | None = None) -> dict[str, FeedSpec]:
    """Return the specifications of a built-in set or of a folder of YAML files, by feed.

    `first` is a deployment's first business date: what is dated before it has no partition.
    Raises FeedError for a specification that is wrong, twice there, or fits no raw contract.
    """
    feeds: dict[str, FeedSpec] = {}
    for file in sorted(_files(name), key=lambda f: f.name):
        spec = _load(file)
        if spec.feed in feeds:
            raise FeedError(f"{file}: feed: {spec.feed} is specified by another file of the set")
        feeds[spec.feed] = spec.since(first) if first else spec
    if not feeds:
        raise FeedError(f"{name}: holds no feed specification (*.yaml)")
    return feeds


def _files(name: str | Path) -> Iterator[Traversable]:
    built_in = str(name) in BUILT_IN
    folder: Traversable = (
        resources.files("customer360_assets.feeds.sets") / str(name) if built_in else Path(name)
    )
    if not folder.is_dir():
        raise FeedError(f"{name}: neither a folder nor a built-in set ({', '.join(BUILT_IN)})")
    return (f for f in folder.iterdir() if f.name.endswith((".yaml", ".yml")))


def _load(file: Traversable) -> FeedSpec:
    text = _text(file)
    try:
        spec = _specified(text)
    except _RepeatedKeyError as error:
        raise FeedError(f"{file}: {error}") from None
    except yaml.YAMLError as error:
        raise FeedError(f"{file}: not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise FeedError("\n".join(f"{file}: {_error_text(e)}" for e in error.errors())) from None
    known = {c.feed for c in contracts("raw") if c.feed}
    if spec.feed not in known:
        raise FeedError(
            f"{file}: feed: no raw contract for {spec.feed!r}; there are {sorted(known)}"
        )
    for problem in _problems(spec, contract(f"raw.{spec.feed}")):
        raise FeedError(f"{file}: {problem}")
    return spec


@cache
def _specified(text: str) -> FeedSpec:
    # A run loads the same specifications for each of its steps; YAML is slow to read.
    return FeedSpec.model_validate(yaml.load(text, _PlainLoader))  # noqa: S506 a SafeLoader


def _text(file: Traversable) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise FeedError(f"{file}: cannot be read: {error.strerror}") from None
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FeedError(f"{file}: UTF-16, as PowerShell writes it; save the file as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FeedError(
            f"{file}: not UTF-8: first bad byte in line {line}; save the file as UTF-8"
        ) from None


def _error_text(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def _problems(spec: FeedSpec, table: Contract) -> Iterator[str]:
    columns = {c.name: c for c, _ in spec.sources(table)}
    for name in spec.targets:
        if name not in columns:
            yield f"targets.{name}: no such column in {table.table}; it has {list(columns)}"
    if table.reads == "snapshot" and spec.delivery == "delta":
        yield f"delivery: {table.table} is read as a snapshot; write delivery: snapshot"
    dated_by = spec.business_date.column
    if dated_by is not None and (
        dated_by not in columns or columns[dated_by].type not in ("date", "timestamp")
    ):
        dates = [c.name for c in columns.values() if c.type in ("date", "timestamp")]
        yield f"business_date.column: {dated_by!r} is no date of {table.table}; it has {dates}"
    yield from _key_problems(spec, table)
    for column, target in spec.sources(table):
        where = f"targets.{column.name}"
        if target.absent and not column.nullable:
            yield f"{where}: absent, though {table.table} needs it; say from or expression"
        if target.formats and column.type not in ("date", "timestamp"):
            yield f"{where}.formats: the column is {column.type}, not a date or timestamp"
        if target.shape is not None and column.type != "varchar":
            yield f"{where}.shape: the column is {column.type}, not text"
        yield from _unknown_fields(spec, where, target)


def _key_problems(spec: FeedSpec, table: Contract) -> Iterator[str]:
    own = record_key(table)
    if not spec.key or set(spec.key) == set(own):
        return
    if table.scope is None:
        yield f"key: a record of {table.table} is known by {list(own)} alone; leave key out"
    elif missing := [c for c in own if c not in spec.key]:
        yield f"key: it lacks {missing}; write what the number counts within beside it"
    elif unknown := [c for c in spec.key if c not in {s.name for s, _ in spec.sources(table)}]:
        yield f"key: {table.table} has no column {unknown}"


def _unknown_fields(spec: FeedSpec, where: str, target: Target) -> Iterator[str]:
    known = {c.casefold() for c in spec.columns}
    for field in target.fields():
        if spec.columns and field.casefold() not in known:
            yield (
                f"{where}: no delivered field {field!r}; columns has {list(spec.columns)}; "
                "write from: one of them, expression, or absent: true"
            )
