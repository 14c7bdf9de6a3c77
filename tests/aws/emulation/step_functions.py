"""Step Functions that runs the state machine of the account, its Athena task in the real words.

What states it knows is what `queries.asl.json` uses; another is an error, not a success.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any

from tests.aws.emulation.asl import TaskFailed, at, filled, matches, only, put, retry_wait
from tests.aws.emulation.athena_http import Refusal, handler
from tests.aws.emulation.athena_tables import service

DATA_LIMIT = 262_144
SYNC = "arn:aws:states:::athena:startQueryExecution.sync"
Json = Any


class Aborted(Exception):  # noqa: N818 - the service's word
    """The execution was stopped."""


@dataclass
class Execution:
    """One execution, from its start to its end and after."""

    arn: str
    given: str
    definition: Json
    status: str = "RUNNING"
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    began: float = field(default_factory=time.time)
    ended: float | None = None
    stopped: threading.Event = field(default_factory=threading.Event)


class StepFunctions:
    """The service on a port of its own, before an account (machines) and an emulated Athena.

    `waits` shortens what a Retry waits; `retried` counts the errors that were tried again.
    """

    def __init__(self, account: str, athena: str, region: str, *, waits: float = 0.002) -> None:
        self._machines = service("stepfunctions", account, region)
        self._athena_url, self._region, self._waits = athena, region, waits
        self.executions: dict[str, Execution] = {}
        self.retried: Counter[str] = Counter()
        self.most_at_once = 0
        self._at_once, self._lock = 0, threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self.call, account))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> StepFunctions:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_failure: object) -> None:
        for execution in self.executions.values():
            execution.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def call(self, operation: str, request: Json) -> dict[str, Any] | None:
        """Answer a call; None for an operation that is the account's."""
        own = {
            "StartExecution": self._start,
            "DescribeExecution": lambda r: _described(self._found(r)),
            "StopExecution": lambda r: self._stop(self._found(r), r),
            "ListExecutions": self._listed,
        }
        return own[operation](request) if operation in own else None

    def _start(self, request: Json) -> dict[str, Any]:
        machine, name, given = (request[k] for k in ("stateMachineArn", "name", "input"))
        if len(name) > 80 or len(given.encode()) > DATA_LIMIT:
            raise Refusal("InvalidName" if len(name) > 80 else "ValidationException", "too long")
        definition = self._definition(machine)
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        with self._lock:
            known = self.executions.get(arn)
            if known is not None and not (known.status == "RUNNING" and known.given == given):
                raise Refusal("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
            if known is None:
                known = Execution(arn, given, definition)
                self.executions[arn] = known
                threading.Thread(target=self._run, args=(known,), daemon=True).start()
        return {"executionArn": arn, "startDate": known.began}

    def _definition(self, machine: str) -> Json:
        from botocore.exceptions import ClientError

        try:
            found = self._machines.describe_state_machine(stateMachineArn=machine)
        except ClientError as error:
            raise Refusal("StateMachineDoesNotExist", str(error)) from None
        return json.loads(found["definition"])

    def _listed(self, request: Json) -> dict[str, Any]:
        self._definition(request["stateMachineArn"])
        wanted = {"stateMachineArn": request["stateMachineArn"], "status": request["statusFilter"]}
        answer = [_described(e) for e in self.executions.values()]
        kept = ("executionArn", "stateMachineArn", "name", "status", "startDate")
        found = [{k: e[k] for k in kept} for e in answer if wanted.items() <= e.items()]
        return {"executions": found}

    def _found(self, request: Json) -> Execution:
        found = self.executions.get(request["executionArn"])
        if found is None:
            raise Refusal("ExecutionDoesNotExist", f"Execution Does Not Exist: {request}")
        return found

    def _stop(self, execution: Execution, request: Json) -> dict[str, Any]:
        with self._lock:
            if execution.ended is None:
                execution.status, execution.ended = "ABORTED", time.time()
                execution.error, execution.cause = request.get("error"), request.get("cause")
        execution.stopped.set()
        return {"stopDate": execution.ended}

    def _run(self, execution: Execution) -> None:
        try:
            data = self._states(execution, execution.definition, json.loads(execution.given), {})
            output = json.dumps(data)
            if len(output.encode()) > DATA_LIMIT:
                raise TaskFailed("States.DataLimitExceeded", "the output is too long")
            ended = {"status": "SUCCEEDED", "output": output}
        except TaskFailed as failed:
            ended = {"status": "FAILED", "error": failed.error, "cause": failed.cause}
        except Aborted:
            ended = {"status": "ABORTED"}
        except Exception as error:
            ended = {"status": "FAILED", "error": "States.Runtime", "cause": repr(error)}
        with self._lock:
            if execution.ended is None:
                vars(execution).update(ended, ended=time.time())

    def _states(self, execution: Execution, machine: Json, data: Json, context: Json) -> Json:
        """Return the output of the states for the data, from the first to the last."""
        name: str | None = machine["StartAt"]
        while name is not None:
            if execution.stopped.is_set():
                raise Aborted
            state = machine["States"][name]
            known = {"Map": self._map, "Pass": _pass, "Task": self._task}[state["Type"]]
            data, name = known(execution, state, data, context)
        return data

    def _map(
        self, execution: Execution, state: Json, data: Json, _context: Json
    ) -> tuple[Json, str | None]:
        only(state, "ItemsPath", "MaxConcurrency", "ItemSelector", "ItemProcessor")
        assert state["ItemProcessor"]["ProcessorConfig"] == {"Mode": "INLINE"}

        def one(item: Json) -> Json:
            context = {"Map": {"Item": {"Value": item}}}
            given = filled(state["ItemSelector"], data, context)
            return self._states(execution, state["ItemProcessor"], given, context)

        with ThreadPoolExecutor(state["MaxConcurrency"]) as pool:
            return list(pool.map(one, at(state["ItemsPath"], data, {}))), state.get("Next")

    def _task(
        self, execution: Execution, state: Json, data: Json, context: Json
    ) -> tuple[Json, str | None]:
        only(state, "Resource", "TimeoutSecondsPath", "Parameters", "ResultSelector",
              "ResultPath", "Retry", "Catch")  # fmt: skip
        assert state["Resource"] == SYNC, state["Resource"]
        tried: Counter[int] = Counter()
        while True:
            try:
                given = filled(state["Parameters"], data, context)
                answer = self._query(execution, given, at(state["TimeoutSecondsPath"], data, {}))
                result = filled(state["ResultSelector"], answer, context)
                return put(data, state["ResultPath"], result), state.get("Next")
            except TaskFailed as failed:
                wait = retry_wait(state["Retry"], failed.error, tried)
                if wait is not None:
                    self.retried[failed.error] += 1
                    time.sleep(wait * self._waits)
                    continue
                for catcher in state["Catch"]:
                    if matches(catcher["ErrorEquals"], failed.error):
                        answer = {"Error": failed.error}
                        if failed.cause:
                            answer["Cause"] = failed.cause
                        return put(data, catcher["ResultPath"], answer), catcher["Next"]
                raise

    def _query(self, execution: Execution, given: Json, seconds: float) -> Json:
        """Start a query, wait for its end, stop it when the execution is stopped."""
        from botocore.exceptions import ClientError

        api, until = _once("athena", self._athena_url, self._region), time.time() + seconds
        try:
            query = api.start_query_execution(**given)["QueryExecutionId"]
        except ClientError as error:
            answer = error.response["Error"]
            raise TaskFailed(f"Athena.{answer['Code']}", answer["Message"]) from None
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            while True:
                found = _looked(api, query)
                state = found["Status"]["State"]
                if state == "SUCCEEDED":
                    return {"QueryExecution": found}
                if state in ("FAILED", "CANCELLED"):
                    raise TaskFailed("States.TaskFailed", json.dumps(found, default=str))
                if execution.stopped.wait(0.02):
                    api.stop_query_execution(QueryExecutionId=query)
                    raise Aborted
                if time.time() > until:
                    api.stop_query_execution(QueryExecutionId=query)
                    raise TaskFailed("States.Timeout", "")
        finally:
            with self._lock:
                self._at_once -= 1


def _looked(api: Any, query: str) -> Json:
    from botocore.exceptions import ClientError

    while True:
        try:
            return api.get_query_execution(QueryExecutionId=query)["QueryExecution"]
        except ClientError as error:
            # The integration keeps looking while Athena is busy.
            if error.response["Error"]["Code"] != "TooManyRequestsException":
                raise
            time.sleep(0.02)


def _once(name: str, endpoint: str, region: str) -> Any:
    """Return a client without retries: these are the state machine's part."""
    import boto3
    from botocore.config import Config

    config = Config(retries={"total_max_attempts": 1})
    account = boto3.session.Session("testing", "testing", region_name=region)
    return account.client(name, endpoint_url=endpoint, config=config)


def _pass(_execution: Execution, state: Json, data: Json, context: Json) -> tuple[Json, str | None]:
    only(state, "Parameters")
    return filled(state["Parameters"], data, context), state.get("Next")


def _described(execution: Execution) -> dict[str, Any]:
    answer = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.arn.replace(":execution:", ":stateMachine:").rpartition(":")[
            0
        ],
        "name": execution.arn.rpartition(":")[2],
        "status": execution.status,
        "startDate": execution.began,
        "input": execution.given,
        "output": execution.output,
        "error": execution.error,
        "cause": execution.cause,
        "stopDate": execution.ended,
    }
    return {k: v for k, v in answer.items() if v is not None}
