"""Several queries side by side: each ends for itself, whatever becomes of the others."""

from __future__ import annotations

import contextvars
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from resources.athena.execution import Outcome
from resources.protocols.sql_engine import SqlError

if TYPE_CHECKING:
    from resources.athena.client import AthenaClient


class QueriesFailedError(SqlError):
    """Some of several queries failed: why by name, and the rows of those that did not."""

    def __init__(self, failed: Mapping[str, str], rows: Mapping[str, Mapping[str, Any]]) -> None:
        reasons = "; ".join(f"{name}: {why}" for name, why in failed.items())
        super().__init__(f"{len(failed)} of {len(failed) + len(rows)} queries failed. {reasons}")
        self.failed, self.rows = failed, rows


class QueryFanOut(Protocol):
    """Runs queries side by side until each has ended; implementations differ in where they wait."""

    def run(self, queries: Mapping[str, str], token: str) -> Mapping[str, Outcome]:
        """Return the outcome of each query, given as Athena gets it; a failed one stops no other.

        token: the same for a retry, which joins what runs and starts nothing twice. Raises
        SqlError only when nothing can be said of any; stops all when the run is cancelled.
        """
        ...


class ThreadFanOut:
    """Waits in threads of this process; implements `QueryFanOut`."""

    def __init__(self, client: AthenaClient, *, side_by_side: int = 8) -> None:
        self._client, self._most = client, side_by_side

    def run(self, queries: Mapping[str, str], token: str) -> Mapping[str, Outcome]:
        """See `QueryFanOut.run`."""
        from concurrent.futures import ThreadPoolExecutor

        def outcome(name: str) -> Outcome:
            return self._outcome(name, queries[name], token)

        pool = ThreadPoolExecutor(max_workers=max(1, min(self._most, len(queries))))
        try:
            # Each thread is given the work of this one, whose numbers and log it uses.
            futures = [
                pool.submit(contextvars.copy_context().run, outcome, name) for name in queries
            ]
            return {found.name: found for found in (future.result() for future in futures)}
        except BaseException:
            self._client.cancel()
            pool.shutdown(wait=True, cancel_futures=True)
            raise

    def _outcome(self, name: str, sql: str, token: str) -> Outcome:
        try:
            done = self._client.run(sql, key=f"{token}/{name}")
        except SqlError as error:
            return Outcome(name, None, "FAILED", str(error))
        return Outcome(name, done.query_id, done.state)
