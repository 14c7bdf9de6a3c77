"""The hand-written DuckDB queries (dbt/models), one for each stage and dimension table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from customer360_assets.contracts import contracts

PROJECT = Path(__file__).parent / "dbt"
PARSED = ("ga_session",)
"""Queries whose result several tables read and nobody else: kept in the engine, not written."""


@dataclass(frozen=True)
class Query:
    """A query as a dbt model: its name (schema_table) and its Jinja text."""

    name: str
    text: str

    @property
    def table(self) -> str:
        """The table's name in the platform."""
        return self.name.replace("_", ".", 1)


def queries() -> list[Query]:
    """Return every query, ordered by dependency."""
    tables = [c.table for schema in ("stage", "dimension") for c in contracts(schema)]
    parsed = [_stored(f"stage/{name}") for name in PARSED]
    return parsed + [_stored(f"{t.split('.')[0]}/{t.replace('.', '_', 1)}") for t in tables]


def render(text: str, variables: dict[str, str], ref: Callable[[str], str]) -> str:
    """Return a model's SQL as dbt would."""
    jinja = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701  (SQL, not HTML)
    return jinja.from_string(text).render(var=variables.__getitem__, ref=ref)


def _stored(path: str) -> Query:
    file = PROJECT / "models" / f"{path}.sql"
    return Query(file.stem, file.read_text(encoding="utf-8"))
