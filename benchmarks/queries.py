"""The hand-written DuckDB queries (dbt/models), and the platform's own where there is none.

A dimension without a hand-written query is computed by the platform's, as its engine runs it: the
floor then has the same work to do and none of what the platform does around it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from customer360_assets.contracts import contracts
from customer360_assets.transformations import transformation
from resources.dialect.athena_sql import to_duckdb

PROJECT = Path(__file__).parent / "dbt"
PARSED = ("ga_session",)
"""Queries whose result several tables read and nobody else: kept in the engine, not written."""


@dataclass(frozen=True)
class Query:
    """A query as a dbt model: its name (schema_table) and its Jinja text."""

    name: str
    text: str
    hand_written: bool

    @property
    def table(self) -> str:
        """The table's name in the platform."""
        return self.name.replace("_", ".", 1)


def queries(business_date: dt.date) -> list[Query]:
    """Give every query in an order in which each finds what it reads."""
    stage = [_stored(f"stage/{name}") for name in PARSED]
    stage += [_stored(f"stage/{_model(c.table)}") for c in contracts("stage")]
    return stage + [_dimension(c.table, business_date) for c in contracts("dimension")]


def render(text: str, variables: dict[str, str], ref: Callable[[str], str]) -> str:
    """Give a model's SQL as dbt would."""
    jinja = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701  (SQL, not HTML)
    return jinja.from_string(text).render(var=variables.__getitem__, ref=ref)


def _model(table: str) -> str:
    return table.replace(".", "_", 1)


def _stored(path: str) -> Query:
    file = PROJECT / "models" / f"{path}.sql"
    return Query(file.stem, file.read_text(encoding="utf-8"), hand_written=True)


def _dimension(table: str, business_date: dt.date) -> Query:
    name = _model(table)
    if (PROJECT / "models" / "dimension" / f"{name}.sql").exists():
        return _stored(f"dimension/{name}")
    if transformation(table).kind != "sql":
        raise FileNotFoundError(f"benchmarks/dbt/models/dimension has no {name}.sql")
    text = to_duckdb(transformation(table).text).replace("$1", f"DATE '{business_date}'")
    return Query(name, re.sub(r"\bstage\.(\w+)", r"{{ ref('stage_\1') }}", text), False)
