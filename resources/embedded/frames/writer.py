"""What writes the rows of a job's table to Parquet."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from resources.embedded.duckdb_parts import copied
from resources.embedded.frames.errors import AnalysisException

if TYPE_CHECKING:
    import duckdb


class Writer:
    """Writes the rows of a query to a folder, in their order."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, query: str) -> None:
        self._db, self._query = connection, query

    def mode(self, mode: str) -> Writer:
        """Accept that what is in the folder goes."""
        if mode != "overwrite":
            raise AnalysisException(f"mode {mode} is not in the subset of this engine")
        return self

    def parquet(self, folder: str) -> None:
        """Write one Parquet file."""
        output = Path(folder)
        if output.exists():
            shutil.rmtree(output)
        output.mkdir(parents=True)
        copied(self._db, self._query, output)
