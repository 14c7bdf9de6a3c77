"""The SQL texts that a run sends to its engine, each with the files that it read."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

from resources.embedded.duckdb_engine import DuckDbEngine
from resources.protocols.sql_engine import NO_INPUTS, Inputs
from resources.protocols.work import current_work


@dataclass(frozen=True)
class Text:
    """One text, of the step of a table.

    target: the table that its rows are written for, None where they are returned. inputs: copies,
    which stay when the run has taken its files away.
    """

    of: str
    sql: str
    params: Sequence[object]
    inputs: Mapping[str, Sequence[str]]
    target: str | None = None
    columns: tuple[tuple[str, str], ...] = ()
    partition_by: tuple[str, ...] = ()
    where: str | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """Return what makes it another text."""
        return (self.sql, self.target, self.columns, self.partition_by, self.where)

    @property
    def bytes(self) -> int:
        """The size of what it reads."""
        return sum(Path(file).stat().st_size for files in self.inputs.values() for file in files)

    @property
    def name(self) -> str:
        """Return what it is called in a table of figures."""
        if self.target:
            return f"{self.of}: its rows"
        read = " ".join(sorted(self.inputs)).replace(f"{self.of} ", "")
        return f"{self.of}: one of {read}"[:70]


@dataclass
class Recorder:
    """Keeps each text once: the time that it read most. kept: a folder of a table of a lake."""

    kept: Path
    found: dict[tuple[object, ...], Text] = field(default_factory=dict)

    def add(self, text: Text) -> None:
        """Keep a text."""
        known = self.found.get(text.key)
        if known is None or known.bytes < text.bytes:
            inputs = {t: [self._copy(f) for f in files] for t, files in text.inputs.items()}
            self.found[text.key] = replace(text, inputs=inputs)

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record what DuckDB's engine is asked meanwhile; it answers as ever."""
        run, query = DuckDbEngine.run, DuckDbEngine.query

        @functools.wraps(run)
        def run_recorded(
            engine: DuckDbEngine, sql: str, params: Sequence[object], inputs: Inputs,
            output: Path, columns: Sequence[tuple[str, str]], partition_by: Sequence[str] = (),
            order_by: Sequence[str] = (), where: str | None = None,
        ) -> Any:  # fmt: skip
            schema, table, *_ = output.parts[-4:]
            chosen = tuple(columns)
            target = f"{schema}.{table}"
            parted = tuple(partition_by)
            self.add(Text(_step(), sql, params, inputs, target, chosen, parted, where))
            return run(engine, sql, params, inputs, output, columns, partition_by, order_by, where)

        @functools.wraps(query)
        def query_recorded(
            engine: DuckDbEngine, sql: str, params: Sequence[object] = (),
            inputs: Inputs = NO_INPUTS,
        ) -> Any:  # fmt: skip
            self.add(Text(_step(), sql, params, inputs))
            return query(engine, sql, params, inputs)

        with (
            mock.patch.object(DuckDbEngine, "run", run_recorded),
            mock.patch.object(DuckDbEngine, "query", query_recorded),
        ):
            yield

    def _copy(self, file: str) -> str:
        where = hashlib.sha256(file.encode()).hexdigest()[:16]
        copy = self.kept / where / Path(file).name
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            os.link(file, copy)
        return str(copy)


def _step() -> str:
    work = current_work()
    return work.table if work else "no step"
