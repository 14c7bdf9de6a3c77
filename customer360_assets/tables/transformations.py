"""The file that makes a table: found by the table's name, never named twice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from customer360_assets.contracts import contract, contracts
from customer360_assets.contracts.contract import Contract

SQL_FOLDERS = {"stage": "stage", "dimension": "dimensions", "profile": "profile"}


@dataclass(frozen=True)
class Transformation:
    """A `.sql` file (Athena dialect) or a Spark script, and the tables that it reads."""

    table: str
    kind: Literal["sql", "spark"]
    path: Path
    reads: tuple[str, ...]

    @property
    def text(self) -> str:
        """The file's text."""
        return self.path.read_text(encoding="utf-8")

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the file, and for a script of the helpers beside it."""
        files = [self.path]
        if self.kind == "spark":
            files += [self.path.parent / "job.py"]
        digest = hashlib.sha256()
        for path in files:
            if path.exists():
                digest.update(path.read_bytes())
        return digest.hexdigest()


def code_folder(name: str) -> Path:
    """Return the folder of sql, spark and dagster.yaml: of the wheel or of the checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_files" / name
    return installed if installed.exists() else package.parent / name


def _spark_reads(of: Contract) -> tuple[str, ...]:
    sources = {".".join(d.split(".")[:2]) for c in of.columns for d in c.derived_from}
    return tuple(sorted(sources))


@cache
def transformation(table: str) -> Transformation:
    """Return the transformation of a table; FileNotFoundError names both possible files.

    A SQL table's inputs are read from the SQL; a script's from its contract's column lineage.
    """
    of = contract(table)
    sql = code_folder("sql") / SQL_FOLDERS[of.schema] / f"{of.name}.sql"
    script = code_folder("spark") / f"{of.name}.py"
    if sql.exists():
        from resources.dialect.athena_sql import tables

        reads = tables(sql.read_text(encoding="utf-8"))
        return Transformation(table, "sql", sql, tuple(sorted(reads)))
    if script.exists():
        return Transformation(table, "spark", script, _spark_reads(of))
    raise FileNotFoundError(f"{table} has a contract but neither {sql} nor {script}")


def transformed_tables() -> list[Contract]:
    """Return every table that a transformation makes, in the order of the layers."""
    return [c for schema in SQL_FOLDERS for c in contracts(schema)]
