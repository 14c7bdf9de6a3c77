"""Athena: one query from start to end, found again by a retry, stopped when its run is."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import random
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from resources.account.client import client
from resources.account.errors import AwsError, explained
from resources.athena.execution import STOPPED, Execution, Outcome
from resources.athena.text import sendable
from resources.protocols.sql_engine import SqlError, SqlTimeoutError
from resources.protocols.work import current_work

PRICE_PER_TB = Decimal(5)
"""Dollars; differs by region."""
_TRIES = 3
_TAG = "-- customer360"
_RUN = re.compile(rf"{_TAG} run_id=(\S+) table=")
_ORDINALS = 50
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0
# AWS states the time of an answer in whole seconds.
_JUST_NOW = dt.timedelta(seconds=2)
_OLD = dt.timedelta(hours=12)


class AthenaClient:
    """Runs queries in one workgroup; safe in threads. Raises SqlError with no value of the data.

    output: the S3 address of results. A query that takes longer than `timeout_seconds` is stopped.
    """

    def __init__(
        self,
        *,
        region: str,
        workgroup: str,
        database: str,
        output: str,
        timeout_seconds: float = 3600,
        price_per_tb: Decimal = PRICE_PER_TB,
    ) -> None:
        self.region, self.workgroup, self.database, self.output = (
            region,
            workgroup,
            database,
            output.rstrip("/"),
        )
        self._timeout, self._price = timeout_seconds, price_per_tb
        self._lock = threading.Lock()
        self._lost: set[str] = set()
        self._counted: set[str] = set()
        self._waiting: set[threading.Event] = set()
        self._cancelled = 0

    def run(self, sql: str, key: str | None = None, *, keep: bool = False) -> Execution:
        """Run a query and return it when it has succeeded; join one that the same work has started.

        keep: also one of long ago, since it wrote what is still there; the results of a SELECT
        are deleted some day. A fault of Athena's own is tried again, a query that cannot succeed
        is not.
        """
        for attempt in range(1, _TRIES + 1):
            found = self._wait(sql, key or request_key(sql), keep)
            if found.state == "SUCCEEDED":
                return found
            if not found.transient or attempt == _TRIES:
                break
            time.sleep(_jittered(2.0**attempt))
        raise found.failure()

    def look(self, query_id: str) -> Execution:
        """Return the query in its present state."""
        with self._explained("read", f"Athena query {query_id}"):
            answer = self._api.get_query_execution(QueryExecutionId=query_id)
        return Execution.of(answer["QueryExecution"])

    def pages(self, query_id: str) -> Iterator[Mapping[str, Any]]:
        """Yield the pages of a result (up to 1000 rows each), fetched on demand."""
        token: dict[str, str] = {}
        while True:
            with self._explained("read the result of", f"Athena query {query_id}"):
                page = self._api.get_query_results(
                    QueryExecutionId=query_id, MaxResults=1000, **token
                )
            yield page
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}

    def stop(self, query_id: str) -> None:
        """Stop a query; nothing happens to one that has ended."""
        with self._explained("stop", f"Athena query {query_id}"):
            self._api.stop_query_execution(QueryExecutionId=query_id)

    def cancel(self) -> None:
        """Stop every query that runs now; each raises SqlTimeoutError."""
        with self._lock:
            self._cancelled += 1
            for wake in self._waiting:
                wake.set()

    def settled(self, outcome: Outcome) -> str:
        """Return the query of an outcome, its cost counted; SqlError without data if it failed."""
        if outcome.query_id is None:
            raise SqlError(outcome.reason or outcome.state)
        if outcome.state != "SUCCEEDED" or outcome.query_id not in self._counted:
            found = self.look(outcome.query_id)
            self.account(found)
            if found.state != "SUCCEEDED":
                raise found.failure()
        return outcome.query_id

    def account(self, execution: Execution) -> None:
        """Add what an ended query used to the numbers of the current work, once."""
        with self._lock:
            work = current_work()
            if work is None or execution.query_id in self._counted:
                return
            self._counted.add(execution.query_id)
            work.add("athena_queries", 1)
            work.add("athena_bytes_scanned", execution.scanned)
            work.add("athena_queue_ms", execution.queue_ms)
            work.add("athena_engine_ms", execution.engine_ms)
            work.add("athena_cost_usd", execution.cost(self._price))

    @property
    def _api(self) -> Any:
        return client("athena", self.region)

    def _wait(self, sql: str, key: str, keep: bool) -> Execution:
        """Start or join the query and poll until it ends; stop it when this process may not."""
        wake, wait = threading.Event(), _FIRST_WAIT
        with self._lock:
            self._waiting.add(wake)
            cancelled = self._cancelled
        try:
            found = self._started(sendable(tagged(sql)), key, keep)
            deadline = time.monotonic() + self._timeout
            with self._stopping(found.query_id):
                while not found.ended:
                    wake.wait(_jittered(wait))
                    if self._cancelled != cancelled:
                        raise SqlTimeoutError(f"Athena query {found.query_id}: {STOPPED}")
                    if time.monotonic() > deadline:
                        raise SqlTimeoutError(
                            f"Athena query {found.query_id}: stopped, it ran longer than "
                            f"{self._timeout:.0f} s"
                        )
                    wait = min(wait * 1.5, _LONGEST_WAIT)
                    found = self._looked(found)
        finally:
            with self._lock:
                self._waiting.discard(wake)
        if found.lost:
            self._lost.add(found.query_id)
        self.account(found)
        return found

    @contextlib.contextmanager
    def _stopping(self, query_id: str) -> Iterator[None]:
        """Stop the query when what is done with it fails, else it goes on and is paid for."""
        try:
            yield
        except BaseException:  # a cancelled run raises no Exception
            self._stop_quietly(lambda: {"QueryExecutionId": query_id})
            raise

    def _stop_quietly(self, find: Callable[[], Mapping[str, Any]]) -> None:
        """Stop a query; a failure to do so must not hide why."""
        try:
            query_id = find()["QueryExecutionId"]
            self._lost.add(query_id)
            self.stop(query_id)
        except SqlError as error:
            if work := current_work():
                work.log.warning(f"A query may go on in Athena: {error}")

    def _looked(self, last: Execution) -> Execution:
        """Return the present state; the last known one while AWS throttles."""
        try:
            with explained("read", f"Athena query {last.query_id}"):
                answer = self._api.get_query_execution(QueryExecutionId=last.query_id)
        except AwsError as error:
            if not error.transient:
                raise SqlError(str(error)) from None
            return last
        return Execution.of(answer["QueryExecution"])

    def _started(self, sql: str, key: str, keep: bool) -> Execution:
        """Return the query of this key: the existing one unless it was lost, or a new one."""
        for ordinal in range(_ORDINALS):
            request = self._request(sql, _digest(key, str(ordinal)))
            try:
                answer = self._start(request)
            except BaseException as failure:
                if not isinstance(failure, Exception):
                    # The answer is lost, the query is not: the same request finds it.
                    self._stop_quietly(partial(self._start, request))
                raise
            query_id = answer["QueryExecutionId"]
            with self._stopping(query_id):
                found = self.look(query_id)
            age = self._age(found, answer)
            gone = found.lost or (age > _OLD and not keep)
            if query_id not in self._lost and not (gone and age > _JUST_NOW):
                return found
        raise SqlError(f"Athena: this query was lost {_ORDINALS} times: see its history")

    def _request(self, sql: str, token: str) -> dict[str, Any]:
        return {
            "QueryString": sql,
            "ClientRequestToken": token,
            "QueryExecutionContext": {"Catalog": "AwsDataCatalog", "Database": self.database},
            "WorkGroup": self.workgroup,
            "ResultConfiguration": {"OutputLocation": f"{self.output}/"},
            "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
        }

    def _start(self, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._explained("start a query in", f"Athena workgroup {self.workgroup}"):
            found: dict[str, Any] = self._api.start_query_execution(**request)
        return found

    def _age(self, found: Execution, answer: Mapping[str, Any]) -> dt.timedelta:
        """Return the query's age when it was requested, by Athena's clock."""
        date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        if date is None or found.submitted is None:
            return dt.timedelta()
        return parsedate_to_datetime(date) - found.submitted

    @contextlib.contextmanager
    def _explained(self, action: str, target: str) -> Iterator[None]:
        try:
            with explained(action, target):
                yield
        except AwsError as error:
            raise SqlError(str(error)) from None


def request_key(*parts: str) -> str:
    """Return the key by which a retry of the work finds its query; a new one outside work."""
    work = current_work()
    if work is None:
        return _digest(uuid.uuid4().hex)
    return _digest(work.attempt_of, work.table, work.span, *parts)


def tagged(sql: str) -> str:
    """Return the query with a line that names its owner.

    The run is the first of a chain of retries: Athena takes no other text for the same token.
    """
    work = current_work()
    if work is None or sql.startswith(_TAG):
        return sql
    tags = {"run_id": work.attempt_of, "table": work.table, "span": work.span}
    pairs = " ".join(f"{name}={value}" for name, value in tags.items())
    return f"{_TAG} {' '.join(pairs.split())}\n{sql}"


def run_of(sql: str) -> str | None:
    """Return the run that `tagged` names; None for a foreign query."""
    found = _RUN.match(sql)
    return found[1] if found else None


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
