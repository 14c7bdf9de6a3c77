"""Athena as a server of its own that runs what it is sent, on an engine behind it.

What it does not do itself (workgroups, tags) goes to the emulated account behind it.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any

from tests.aws.emulation.athena_answer import column_info, data
from tests.aws.emulation.athena_back_end import Answer, BackEnd, Query
from tests.aws.emulation.athena_failure import SYSTEM, Failure
from tests.aws.emulation.athena_http import Refusal, handler
from tests.aws.emulation.athena_tables import service

PAGE = 1000


@dataclass
class Running:
    """One query, from its start to its end and after."""

    query_id: str
    request: dict[str, Any]
    submitted: float
    state: str = "QUEUED"
    failure: Failure | None = None
    begun: float = 0.0
    ended: float = 0.0
    answer: Answer | None = None
    query: Query | None = None
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def sql(self) -> str:
        """The text of the query."""
        return str(self.request["QueryString"])


class Athena:
    """An emulated Athena over an emulated account. `url` is where clients find it.

    queries: all that ever started, in order. memory_limit: what a query may use, as `1MB`; one
    that needs more is exhausted.
    """

    def __init__(
        self, endpoint: str, region: str, back_end: BackEnd, side_by_side: int = 4
    ) -> None:
        self._endpoint, self._region, self._back_end = endpoint, region, back_end
        self._pool = ThreadPoolExecutor(side_by_side, thread_name_prefix="athena")
        self._lock = threading.Lock()
        self._by_token: dict[str, Running] = {}
        self._throttled: dict[str, int] = {}
        self._open = threading.Event()
        self._open.set()
        self._broken = 0
        self.queries: dict[str, Running] = {}
        self.memory_limit = "2GB"
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self.call, endpoint))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Athena:
        """Serve."""
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_failure: object) -> None:
        """Stop all queries and serve no more."""
        self._open.set()
        for running in list(self.queries.values()):
            self._stop(running)
        self._server.shutdown()
        self._server.server_close()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def throttle(self, operation: str, times: int) -> None:
        """Refuse the next calls of an operation with TooManyRequestsException."""
        self._throttled[operation] = times

    def break_next(self, times: int) -> None:
        """Make the next queries fail by a fault that is not theirs."""
        self._broken = times

    @contextmanager
    def kept_running(self) -> Iterator[None]:
        """Hold every query that starts within the context until its end, unless it is stopped."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any] | None:
        """Answer a call; None for an operation that is not this emulation's."""
        with self._lock:
            if self._throttled.get(operation, 0) > 0:
                self._throttled[operation] -= 1
                raise Refusal("TooManyRequestsException", "Rate exceeded")
        own = {
            "StartQueryExecution": self._start,
            "GetQueryExecution": lambda r: {"QueryExecution": self._described(self._found(r))},
            "GetQueryResults": self._results,
            "StopQueryExecution": lambda r: self._stop(self._found(r)),
            "ListQueryExecutions": self._listed,
            "BatchGetQueryExecution": lambda r: {
                "QueryExecutions": [
                    self._described(self.queries[i]) for i in r["QueryExecutionIds"]
                ]
            },
        }
        return own[operation](request) if operation in own else None

    def _start(self, request: dict[str, Any]) -> dict[str, Any]:
        group = self._workgroup(request.get("WorkGroup", "primary"))
        config = group.get("Configuration", {})
        results = [c.get("ResultConfiguration", {}) for c in (request, config)]
        if not any(result.get("OutputLocation") for result in results):
            raise Refusal("InvalidRequestException", "No output location provided.")
        try:
            self._back_end.check(request["QueryString"])
        except ValueError as problem:
            raise Refusal("InvalidRequestException", f"line 1:1: {problem}") from None
        token = request.get("ClientRequestToken") or uuid.uuid4().hex
        with self._lock:
            known = self._by_token.get(token)
            if known is not None:
                if known.request != request:
                    raise Refusal("InvalidRequestException", "Idempotent parameters do not match")
                return {"QueryExecutionId": known.query_id}
            running = Running(str(uuid.uuid4()), request, time.time())
            self._by_token[token] = self.queries[running.query_id] = running
        limit = config.get("BytesScannedCutoffPerQuery")
        self._pool.submit(self._run, running, limit)
        return {"QueryExecutionId": running.query_id}

    def _run(self, running: Running, limit: int | None) -> None:
        running.begun = time.time()
        try:
            if running.stopped.is_set():
                raise Failure("", state="CANCELLED")
            running.state = "RUNNING"
            if self._broken:
                self._broken -= 1
                raise Failure("GENERIC_INTERNAL_ERROR: a worker was lost", category=SYSTEM)
            while not self._open.wait(0.02):
                if running.stopped.is_set():
                    raise Failure("", state="CANCELLED")
            database = running.request.get("QueryExecutionContext", {}).get("Database", "")
            running.query = self._back_end.query(running.sql, database, self.memory_limit)
            found = running.query.run()
            if running.stopped.is_set():
                raise Failure("", state="CANCELLED")
            running.answer = found
            if limit and found.scanned > limit:
                raise Failure("Bytes scanned limit was exceeded", state="CANCELLED")
            state = "SUCCEEDED"
        except Failure as failure:
            running.failure, state = failure, failure.state
        except Exception as problem:
            running.failure = Failure(f"GENERIC_INTERNAL_ERROR: {problem!r}", category=SYSTEM)
            state = "FAILED"
        running.state = state
        running.ended = time.time()

    def _stop(self, running: Running) -> dict[str, Any]:
        running.stopped.set()
        threading.Thread(target=_interrupt, args=[running], daemon=True).start()
        return {}

    def _listed(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return a page of a workgroup's queries, the newest first."""
        group = request.get("WorkGroup", "primary")
        self._workgroup(group)
        ids = [q.query_id for q in self.queries.values() if q.request.get("WorkGroup") == group]
        first, size = int(request.get("NextToken", "0")), request.get("MaxResults", 50)
        page: dict[str, Any] = {"QueryExecutionIds": ids[::-1][first : first + size]}
        return page | ({"NextToken": str(first + size)} if first + size < len(ids) else {})

    def _results(self, request: dict[str, Any]) -> dict[str, Any]:
        running = self._found(request)
        if running.state != "SUCCEEDED" or running.answer is None:
            raise Refusal(
                "InvalidRequestException",
                f"Query has not yet finished. Current state: {running.state}",
            )
        rows = running.answer.rows
        first = int(request.get("NextToken", "0"))
        size = min(int(request.get("MaxResults", PAGE)), PAGE)
        # The names of the columns are the first row of the first page of a SELECT.
        headed = first == 0 and running.answer.kind == "DML"
        heading = [data(list(rows.column_names))] if headed else []
        taken = rows.slice(first, size - len(heading))
        columns = [column.to_pylist() for column in taken.columns]
        listed = [data(list(row)) for row in zip(*columns, strict=True)]
        page: dict[str, Any] = {
            "ResultSet": {
                "Rows": heading + listed,
                "ResultSetMetadata": {"ColumnInfo": column_info(rows)},
            }
        }
        if first + taken.num_rows < rows.num_rows:
            page["NextToken"] = str(first + taken.num_rows)
        return page

    def _found(self, request: dict[str, Any]) -> Running:
        found = self.queries.get(request["QueryExecutionId"])
        if found is None:
            raise Refusal("InvalidRequestException", "QueryExecution was not found")
        return found

    def _workgroup(self, name: str) -> dict[str, Any]:
        from botocore.exceptions import ClientError

        account = service("athena", self._endpoint, self._region)
        try:
            found = account.get_work_group(WorkGroup=name).get("WorkGroup")
        except ClientError:
            found = None
        if not found:
            raise Refusal("InvalidRequestException", f"WorkGroup {name} is not found.")
        return dict(found)

    def _described(self, running: Running) -> dict[str, Any]:
        status: dict[str, Any] = {
            "State": running.state,
            "SubmissionDateTime": running.submitted,
        }
        if running.ended:
            status["CompletionDateTime"] = running.ended
        if running.ended and (failure := running.failure):
            status["StateChangeReason"] = failure.reason
            if running.state == "FAILED":
                status["AthenaError"] = {
                    "ErrorCategory": failure.category,
                    "ErrorType": 0,
                    "Retryable": failure.category == SYSTEM,
                    "ErrorMessage": failure.reason,
                }
        end = running.ended or time.time()
        begun = running.begun or end
        return {
            "QueryExecutionId": running.query_id,
            "Query": running.sql,
            "StatementType": running.answer.kind if running.answer else "DML",
            "Status": status,
            "WorkGroup": running.request.get("WorkGroup", "primary"),
            "QueryExecutionContext": running.request.get("QueryExecutionContext", {}),
            "ResultConfiguration": running.request.get("ResultConfiguration", {}),
            "Statistics": {
                "DataScannedInBytes": running.answer.scanned if running.answer else 0,
                "QueryQueueTimeInMillis": int(1000 * (begun - running.submitted)),
                "EngineExecutionTimeInMillis": int(1000 * (end - begun)),
                "TotalExecutionTimeInMillis": int(1000 * (end - running.submitted)),
            },
        }


def _interrupt(running: Running) -> None:
    """Stop until it has ended: a stop may come before the engine has the query."""
    while not running.ended:
        if (query := running.query) is not None:
            query.stop()
        time.sleep(0.02)
