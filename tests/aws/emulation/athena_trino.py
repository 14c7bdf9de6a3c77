"""A real Trino behind the emulated Athena: statements reach it as the platform wrote them.

Three are Athena's own: UNLOAD, which Trino lacks, EXPLAIN, whose lines are rows in Athena, and
INSERT, whose count of rows is none of its result.
"""

from __future__ import annotations

from typing import Any

from tests.aws.emulation.athena_back_end import Answer
from tests.aws.emulation.athena_failure import SYSTEM, USER, Failure
from tests.aws.emulation.athena_tables import service
from tests.aws.emulation.athena_text import COMMENTS, EXPLAIN, UNLOAD, one_column, unload, unloading
from tests.engines.trino_client import Statement, Trino, TrinoError


class TrinoBackEnd:
    """Runs each query in a Trino whose catalog is the account's Glue."""

    def __init__(self, trino: Trino, endpoint: str, region: str) -> None:
        self.trino, self._endpoint, self._region = trino, endpoint, region

    def check(self, sql: str) -> None:
        """Raise ValueError for a text that Trino does not parse."""
        bare = COMMENTS.sub("", sql)
        if found := UNLOAD.fullmatch(bare):
            bare = found[1]
        try:
            self.trino.send(f"PREPARE checked FROM {bare}").wait()
        except TrinoError as error:
            raise ValueError(error.message) from None

    def query(self, sql: str, database: str, memory_limit: str) -> TrinoQuery:
        """Return a query."""
        return TrinoQuery(self, sql, database, memory_limit)

    @property
    def s3(self) -> Any:
        """The account's S3."""
        return service("s3", self._endpoint, self._region)


class TrinoQuery:
    """A query."""

    def __init__(self, on: TrinoBackEnd, sql: str, database: str, memory_limit: str) -> None:
        self._on, self._sql, self._database = on, sql, database
        self._session = {"query_max_memory": memory_limit}
        self._sent: Statement | None = None

    def run(self) -> Answer:
        """Return its answer."""
        bare = COMMENTS.sub("", self._sql)
        if found := UNLOAD.fullmatch(bare):
            ended = self._ended(unloading(found, self._on.s3))
            unload(ended.rows, found[2], self._on.s3)
            return Answer(one_column("rows", []), ended.scanned)
        ended = self._ended(self._sql)
        if EXPLAIN.fullmatch(bare):
            lines = str(ended.values[0][0]).splitlines()
            return Answer(one_column("Query Plan", lines), ended.scanned, "UTILITY")
        if ended.kind == "INSERT":
            return Answer(one_column("rows", []), ended.scanned)
        return Answer(ended.rows, ended.scanned, "DDL" if ended.kind else "DML")

    def stop(self) -> None:
        """Cancel it in Trino."""
        if (sent := self._sent) is not None:
            sent.stop()

    def _ended(self, sql: str) -> Statement:
        try:
            self._sent = self._on.trino.send(sql, self._database, self._session)
            return self._sent.wait()
        except TrinoError as error:
            raise _failure_of(error) from None


def _failure_of(error: TrinoError) -> Failure:
    if error.name == "USER_CANCELED":
        return Failure("", state="CANCELLED")
    if "MEMORY_LIMIT" in error.name:
        return Failure("Query exhausted resources at this scale factor")
    category = SYSTEM if error.kind == "INTERNAL_ERROR" else USER
    return Failure(str(error), category=category)
