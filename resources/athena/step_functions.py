"""Queries side by side in a Step Functions state machine, which outlives the process that asks."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import re
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from resources.account.client import client
from resources.account.errors import AwsError, explained, explanation
from resources.athena.execution import Outcome
from resources.protocols.sql_engine import SqlError, SqlTimeoutError
from resources.protocols.work import current_work

if TYPE_CHECKING:
    from resources.athena.client import AthenaClient

INPUT_BYTES = 100_000
"""AWS allows 256 KiB. A failed query is reported with its text: the answer may be twice as long."""
_LONGEST_INPUT = 256 * 1024
_ORDINALS = 100
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 10.0
_GRACE_SECONDS = 300


class StepFunctionsFanOut:
    """Runs queries in the state machine of `queries.asl.json`; implements `QueryFanOut`.

    An execution is named by token and queries: a retry attaches to the one that runs, takes over
    what an ended one achieved, and starts only what is left. A query is stopped after
    `timeout_seconds`; the execution some minutes later, which it may have waited for Athena.
    """

    def __init__(
        self, athena: AthenaClient, machine_arn: str, *, timeout_seconds: float = 3600
    ) -> None:
        self._athena, self._machine, self._timeout = athena, machine_arn, timeout_seconds

    def run(self, queries: Mapping[str, str], token: str) -> Mapping[str, Outcome]:
        """See `QueryFanOut.run`."""
        running: list[str] = []
        found: dict[str, Outcome] = {}
        try:
            for part in _parts(queries):
                arn, before = self._joined(part, token)
                found |= before
                running += [arn] if arn else []
            deadline = time.monotonic() + self._timeout + _GRACE_SECONDS
            for arn in tuple(running):
                found |= self._outcomes(self._ended(arn, deadline))
                running.remove(arn)
        except BaseException:
            # Also when the run is cancelled: Step Functions stops the queries that it waits for.
            for arn in running:
                self._stop(arn)
            raise
        return {name: found[name] for name in queries}

    def _joined(self, part: Mapping[str, str], token: str) -> tuple[str | None, dict[str, Outcome]]:
        """Return the execution in progress or started now, and the outcomes of earlier ones."""
        done: dict[str, Outcome] = {}
        name, ordinal = execution_name(part, token), 0
        while ordinal < _ORDINALS:
            arn = f"{self._machine.replace(':stateMachine:', ':execution:')}:{name}-{ordinal}"
            seen = self._look(arn)
            if seen is None:
                left = {query: sql for query, sql in part.items() if query not in done}
                if not left:
                    return None, done
                if self._start(f"{name}-{ordinal}", left):
                    return arn, done
                continue  # another process was faster: look again
            if seen["status"] not in _ENDED:
                return arn, done
            if seen["status"] == "SUCCEEDED":
                answer = self._outcomes(seen)
                done |= {name: o for name, o in answer.items() if o.state == "SUCCEEDED"}
            ordinal += 1
        raise SqlError(f"Step Functions: {name} ended {_ORDINALS} times: see its executions")

    def _start(self, name: str, queries: Mapping[str, str]) -> bool:
        """Start an execution; False when there is one of that name."""
        given = self._input(queries)
        if len(given.encode()) > _LONGEST_INPUT:
            raise SqlError(f"Step Functions: query {', '.join(queries)} is longer than 256 KiB")
        api = client("stepfunctions", self._athena.region)
        with self._explained("start", f"state machine {self._machine}"):
            try:
                api.start_execution(stateMachineArn=self._machine, name=name, input=given)
            except api.exceptions.ExecutionAlreadyExists:
                return False
        return True

    def _input(self, queries: Mapping[str, str]) -> str:
        given = {
            "workgroup": self._athena.workgroup,
            "database": self._athena.database,
            "output": f"{self._athena.output}/",
            "seconds": int(self._timeout),
            "queries": [{"name": name, "sql": sql} for name, sql in queries.items()],
        }
        return json.dumps(given, separators=(",", ":"))

    def _look(self, arn: str) -> dict[str, Any] | None:
        """Return the execution in its present state; None if there is none."""
        api = client("stepfunctions", self._athena.region)
        with self._explained("read", arn):
            try:
                found: dict[str, Any] = api.describe_execution(executionArn=arn)
            except api.exceptions.ExecutionDoesNotExist:
                return None
        return found

    def _ended(self, arn: str, deadline: float) -> dict[str, Any]:
        """Wait for an execution and return it; SqlError if it ended without an answer."""
        wait = _FIRST_WAIT
        while True:
            seen = self._seen(arn)
            if seen and seen["status"] in _ENDED:
                break
            if time.monotonic() > deadline:
                raise SqlTimeoutError(f"{arn}: stopped, it ran longer than {self._timeout:.0f} s")
            _sleep(wait * random.uniform(0.75, 1.25))  # noqa: S311 - no secret
            wait = min(wait * 1.5, _LONGEST_WAIT)
        if seen["status"] in ("ABORTED", "TIMED_OUT"):
            raise SqlTimeoutError(f"{arn}: stopped before it ended")
        if seen["status"] == "FAILED":
            raise SqlError(f"{arn}: {seen.get('error', 'failed')}; see its history")
        return seen

    def _seen(self, arn: str) -> dict[str, Any] | None:
        """Return the current state; None while AWS throttles, as the queries go on."""
        api = client("stepfunctions", self._athena.region)
        try:
            with explained("read", arn):
                found: dict[str, Any] = api.describe_execution(executionArn=arn)
        except AwsError as error:
            if not error.transient:
                raise SqlError(str(error)) from None
            return None
        return found

    def _outcomes(self, seen: Mapping[str, Any]) -> dict[str, Outcome]:
        answer = json.loads(seen["output"])
        return {one["name"]: self._outcome(one) for one in answer}

    def _outcome(self, answer: Mapping[str, Any]) -> Outcome:
        """Return how a query ended, with a reason of our own: Athena's message may quote data."""
        # An error may come without a cause: a timeout's does.
        error = {"Error": "", "Cause": "", **answer.get("error", {})}
        query_id = answer.get("query_id") or _query_id(error["Cause"])
        if query_id is None:
            code = error["Error"].removeprefix("Athena.")
            target = f"Athena workgroup {self._athena.workgroup}"
            if code == "States.Timeout":
                return Outcome(
                    answer["name"], None, "FAILED", f"it ran longer than {self._timeout:.0f} s"
                )
            return Outcome(answer["name"], None, "FAILED", _why(code, error["Cause"], target))
        ended = self._athena.look(query_id)
        self._athena.account(ended)
        if not ended.ended:
            return Outcome(answer["name"], query_id, "FAILED", f"{error['Error']}: abandoned")
        reason = str(ended.failure()) if ended.lost else ""
        return Outcome(answer["name"], query_id, ended.state, reason)

    def _stop(self, arn: str) -> None:
        """Stop an execution; a failure to do so must not hide why."""
        api = client("stepfunctions", self._athena.region)
        try:
            with explained("stop", arn):
                api.stop_execution(executionArn=arn, error="Stopped", cause="The run was stopped.")
        except AwsError as error:
            if work := current_work():
                work.log.warning(f"{arn} could not be stopped: {error}")

    @contextlib.contextmanager
    def _explained(self, action: str, target: str) -> Iterator[None]:
        try:
            with explained(action, target):
                yield
        except AwsError as error:
            raise SqlError(str(error)) from None


_sleep = time.sleep
_ENDED = frozenset({"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"})


def execution_name(queries: Mapping[str, str], token: str) -> str:
    """Return the name by which a retry finds these queries; an ordinal follows (80 in all)."""
    said = json.dumps([token, sorted(queries.items())])
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", token).strip("-")[:55]
    return f"{readable}-{hashlib.sha256(said.encode()).hexdigest()[:20]}"


def _parts(queries: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Split queries so that each part, and its result, fits into an execution."""
    part: dict[str, str] = {}
    size = 0
    for name, sql in queries.items():
        grows = len(json.dumps([name, sql]).encode())
        if part and size + grows > INPUT_BYTES:
            yield part
            part, size = {}, 0
        part[name] = sql
        size += grows
    if part:
        yield part


def _query_id(cause: str) -> str | None:
    """Return the id of the query of a failed task; None if it was never started."""
    try:
        answer = json.loads(cause)
    except ValueError:
        return None
    if not isinstance(answer, dict):
        return None
    found = answer.get("QueryExecution", answer).get("QueryExecutionId")
    return str(found) if found else None


def _why(code: str, said: str, target: str) -> str:
    from botocore.exceptions import ClientError

    error = ClientError({"Error": {"Code": code, "Message": said}}, "StartQueryExecution")
    return str(explanation(error, "start a query in", target))
