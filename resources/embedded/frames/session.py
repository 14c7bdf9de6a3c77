"""A session of one job: its tables, their shapes, and what reads and writes Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from resources.embedded.duckdb_output import quoted, text, without_values
from resources.embedded.frames.errors import AnalysisException
from resources.embedded.frames.frame import DataFrame
from resources.embedded.frames.writer import Writer

if TYPE_CHECKING:
    import duckdb

_ACCEPTED = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
}
"""What this engine does anyway."""


class Session:
    """Implements the part of `SparkSession` that a job script is given.

    Each table is bound once against empty tables of the shapes of those that it reads: an unknown
    name stops the script where it stands, and no file is opened for it.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._db = connection
        self._queries: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._types: dict[tuple[str, str], str] = {}
        connection.execute("CREATE SCHEMA shapes")
        # Names are those of shapes; when rows are asked for, CTEs of these names stand before them.
        connection.execute("SET schema = 'shapes'")

    @property
    def conf(self) -> Conf:
        """Return the settings."""
        return Conf()

    @property
    def read(self) -> Reader:
        """Return what reads files."""
        return Reader(self)

    def parquet(self, files: Sequence[str]) -> DataFrame:
        """Return the rows of Parquet files; a column that an older one lacks is NULL there."""
        listed = ", ".join(text(file) for file in files)
        name = f"files_{len(self._queries)}"
        rows = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
        self._bound(f"CREATE VIEW main.{name} AS SELECT * FROM {rows}")
        self._bound(f"CREATE TABLE shapes.{name} AS SELECT * FROM main.{name} WITH NO DATA")
        self._queries[name] = (f"FROM main.{name}", ())
        return DataFrame(self, name, self._columns(name))

    def made(self, query: str, reads: tuple[str, ...]) -> DataFrame:
        """Return the table of a query over earlier ones. Raises AnalysisException."""
        name = f"step_{len(self._queries)}"
        self._bound(f"CREATE TABLE shapes.{name} AS {query} WITH NO DATA")
        self._queries[name] = (query, reads)
        return DataFrame(self, name, self._columns(name))

    def type_of(self, name: str, sql: str) -> str:
        """Return the type of an expression over a table. Raises AnalysisException."""
        if (name, sql) not in self._types:
            found = self._bound(f"DESCRIBE SELECT {sql} AS value FROM shapes.{name}")
            self._types[name, sql] = str(found[0][1])
        return self._types[name, sql]

    def rows(self, name: str) -> list[tuple[Any, ...]]:
        """Return the rows of a table."""
        return self._db.execute(self._rendered(name)).fetchall()

    def writer(self, name: str) -> Writer:
        """Return what writes the rows of a table."""
        return Writer(self._db, self._rendered(name))

    def _rendered(self, name: str) -> str:
        needed, left = set(), [name]
        while left:
            if (one := left.pop()) not in needed:
                needed.add(one)
                left.extend(self._queries[one][1])
        # In the order in which they were made: each reads earlier ones only. Not materialized, or
        # all transactions would be held for the few columns that each use of them needs.
        steps = [
            f"{step} AS NOT MATERIALIZED ({query})"
            for step, (query, _reads) in self._queries.items()
            if step in needed - {name}
        ]
        # The last stands by itself: only there an ORDER BY holds.
        last = self._queries[name][0]
        return f"WITH {', '.join(steps)} {last}" if steps else last

    def _columns(self, name: str) -> list[str]:
        found = self._bound(f"DESCRIBE shapes.{name}")
        self._types.update({(name, quoted(column)): kind for column, kind, *_ in found})
        return [column for column, *_ in found]

    def _bound(self, statement: str) -> list[tuple[Any, ...]]:
        import duckdb

        try:
            return self._db.execute(statement).fetchall()
        except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
            failure = AnalysisException(without_values(error, {}))
        raise failure


class Conf:
    """The settings of a session."""

    def set(self, name: str, value: str) -> None:
        """Accept what is so in any case; refuse another value or setting."""
        if _ACCEPTED.get(name) != value:
            raise AnalysisException(f"this engine cannot set {name} to {value}")


class Reader:
    """Reads Parquet files."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def parquet(self, *files: str) -> DataFrame:
        """Return the rows of files."""
        return self._session.parquet(files)
