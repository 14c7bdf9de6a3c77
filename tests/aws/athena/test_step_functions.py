"""The fan-out of queries: by what Athena and Step Functions have run when it is over."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.account.aws_names import AwsNames
from resources.athena.client import AthenaClient
from resources.athena.results import arrow
from resources.athena.step_functions import INPUT_BYTES, StepFunctionsFanOut, execution_name
from resources.protocols.sql_engine import SqlError, SqlTimeoutError
from resources.protocols.work import Work, begin, current_work
from tests.aws.athena.test_athena_client import ENDLESS
from tests.aws.conftest_step_functions import step_functions
from tests.aws.emulation.athena import Athena
from tests.aws.emulation.step_functions import StepFunctions
from tests.patience import PATIENCE

__all__ = ["step_functions"]

GOOD = {"one": "SELECT 1 AS n", "two": "SELECT 2 AS n", "three": "SELECT 3 AS n"}
BAD = "SELECT CAST('5536114288494476x' AS bigint) AS n"


def made(names: AwsNames, **settings: float) -> StepFunctionsFanOut:
    athena = AthenaClient(
        region=names.region,
        workgroup=names.workgroup,
        database=names.temporary_database,
        output=names.query_results,
    )
    return StepFunctionsFanOut(athena, names.state_machine_arn, **settings)


@pytest.fixture
def fan_out(aws: AwsNames, step_functions: StepFunctions) -> StepFunctionsFanOut:
    return made(aws)


@pytest.fixture
def step() -> Iterator[Work]:
    before = current_work()
    work = Work("run-1", "run-1", "stage.card", "2024-05-22", logging.getLogger("fan-out"))
    begin(work)
    yield work
    begin(before)  # type: ignore[arg-type]


def until(said: bool | object, what: object, within: float = PATIENCE) -> None:
    end = time.monotonic() + within
    while time.monotonic() < end:
        if callable(said) and said():
            return
        time.sleep(0.02)
    raise AssertionError(f"not within {within} s: {what}")


def test_each_query_has_its_rows(
    fan_out: StepFunctionsFanOut, athena: Athena, step_functions: StepFunctions, step: Work
) -> None:
    ended = fan_out.run(GOOD, "run-1/stage.card")
    assert list(ended) == list(GOOD)
    client = fan_out._athena
    rows = {n: arrow(client.pages(str(o.query_id))).to_pylist() for n, o in ended.items()}
    assert rows == {"one": [{"n": 1}], "two": [{"n": 2}], "three": [{"n": 3}]}
    assert len(athena.queries) == 3
    assert [e.status for e in step_functions.executions.values()] == ["SUCCEEDED"]
    assert step.numbers["athena_queries"] == 3


def test_queries_run_side_by_side(
    fan_out: StepFunctionsFanOut, athena: Athena, step_functions: StepFunctions
) -> None:
    with athena.kept_running():
        worker = threading.Thread(target=fan_out.run, args=(GOOD, "side by side"))
        worker.start()
        until(lambda: step_functions.most_at_once == 3, "three at once")
    worker.join(10)
    assert not worker.is_alive()


def test_a_failed_query_fails_alone_and_its_reason_holds_no_value(
    fan_out: StepFunctionsFanOut, athena: Athena, step_functions: StepFunctions
) -> None:
    ended = fan_out.run({**GOOD, "bad": BAD, "none": "SELECT nope FROM gone"}, "t")
    assert {n: o.state for n, o in ended.items()} == {
        **dict.fromkeys(GOOD, "SUCCEEDED"),
        "bad": "FAILED",
        "none": "FAILED",
    }
    bad = ended["bad"]
    assert bad.query_id in athena.queries
    assert "a value is not of the type" in bad.reason
    assert "5536" not in bad.reason
    # Athena's own words do hold it: they stay in the history.
    assert "5536" in str(athena.queries[str(bad.query_id)].failure.reason)  # type: ignore[union-attr]
    assert step_functions.retried == {}
    assert len(athena.queries) == 5


def test_a_query_that_does_not_parse_is_reported_by_name(fan_out: StepFunctionsFanOut) -> None:
    ended = fan_out.run({"good": "SELECT 1 AS n", "bad": "SELEC 1"}, "t")
    assert ended["good"].state == "SUCCEEDED"
    assert (ended["bad"].state, ended["bad"].query_id) == ("FAILED", None)
    assert "InvalidRequestException" in ended["bad"].reason


def test_a_throttled_start_is_tried_again(
    fan_out: StepFunctionsFanOut, athena: Athena, step_functions: StepFunctions
) -> None:
    athena.throttle("StartQueryExecution", 4)
    ended = fan_out.run(GOOD, "t")
    assert {o.state for o in ended.values()} == {"SUCCEEDED"}
    assert step_functions.retried == {"Athena.TooManyRequestsException": 4}
    assert len(athena.queries) == 3


def test_throttling_without_end_is_reported(fan_out: StepFunctionsFanOut, athena: Athena) -> None:
    athena.throttle("StartQueryExecution", 1000)
    (ended,) = fan_out.run({"one": "SELECT 1 AS n"}, "t").values()
    assert (ended.state, ended.query_id) == ("FAILED", None)
    assert "throttled" in ended.reason


def test_a_retry_takes_over_what_succeeded(
    aws: AwsNames, athena: Athena, step_functions: StepFunctions
) -> None:
    first = made(aws).run(GOOD, "run-1")
    again = made(aws).run(GOOD, "run-1")
    assert again == first
    assert len(step_functions.executions) == 1
    other = made(aws).run({**GOOD, "one": "SELECT 10 AS n"}, "run-1")
    assert other["one"].query_id != first["one"].query_id
    assert len(athena.queries) == 6


def test_a_retry_starts_what_failed_and_nothing_else(
    aws: AwsNames, athena: Athena, step_functions: StepFunctions
) -> None:
    queries = {**GOOD, "bad": BAD}
    first = made(aws).run(queries, "run-1")
    again = made(aws).run(queries, "run-1")
    assert {n: o for n, o in again.items() if n in GOOD} == {
        n: o for n, o in first.items() if n in GOOD
    }
    assert again["bad"].query_id != first["bad"].query_id
    assert len(athena.queries) == 5
    names = [e.arn.rpartition("-")[2] for e in step_functions.executions.values()]
    assert names == ["0", "1"]


KILLED = """
import sys
from resources.account.aws_names import AwsNames
from tests.aws.athena.test_step_functions import GOOD, made
made(AwsNames.parse(sys.argv[1])).run(GOOD, "run-1")
"""


def test_a_killed_process_is_followed_by_one_that_attaches(
    aws: AwsNames, athena: Athena, step_functions: StepFunctions
) -> None:
    address = f"aws://{aws.account}/{aws.region}/{aws.environment}"
    root = Path(__file__).resolve().parents[3]
    with athena.kept_running():
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(KILLED), address], cwd=root
        )
        until(lambda: len(athena.queries) == 3, "queries of the other process", 60)
        process.kill()
        process.wait(PATIENCE)
        found: list[object] = []
        worker = threading.Thread(target=lambda: found.append(made(aws).run(GOOD, "run-1")))
        worker.start()
        time.sleep(0.3)
        assert [e.status for e in step_functions.executions.values()] == ["RUNNING"]
    worker.join(20)
    assert len(found) == 1
    assert len(athena.queries) == 3
    assert len(step_functions.executions) == 1


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt, pytest.param(SystemExit, marks=pytest.mark.slow)]
)
def test_a_cancelled_run_stops_execution_and_queries(
    fan_out: StepFunctionsFanOut,
    athena: Athena,
    step_functions: StepFunctions,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
) -> None:
    def cancelled(_seconds: float) -> None:
        until(lambda: len(athena.queries) == 3, "queries")
        raise error

    endless = {name: f"{ENDLESS} -- {name}" for name in GOOD}
    with monkeypatch.context() as patched:
        patched.setattr("resources.athena.step_functions._sleep", cancelled)
        with pytest.raises(error):
            fan_out.run(endless, "run-1")
    assert [e.status for e in step_functions.executions.values()] == ["ABORTED"]
    until(lambda: {q.state for q in athena.queries.values()} == {"CANCELLED"}, "all stopped")
    # A retry finds a stopped execution, and starts anew.
    assert {o.state for o in fan_out.run(GOOD, "run-1").values()} == {"SUCCEEDED"}


def test_a_query_without_end_is_stopped_and_reported(
    aws: AwsNames, athena: Athena, step_functions: StepFunctions
) -> None:
    ended = made(aws, timeout_seconds=1).run({"one": "SELECT 1 AS n", "long": ENDLESS}, "t")
    assert (ended["one"].state, ended["long"].state) == ("SUCCEEDED", "FAILED")
    assert "1 s" in ended["long"].reason
    until(lambda: "RUNNING" not in {q.state for q in athena.queries.values()}, "stopped")


def test_long_queries_are_split_over_executions(
    fan_out: StepFunctionsFanOut, athena: Athena, step_functions: StepFunctions
) -> None:
    filler = f"-- {'x' * (INPUT_BYTES // 2 - 100)}\n"
    queries = {f"q{n}": f"{filler}SELECT {n} AS n" for n in range(5)}
    ended = fan_out.run(queries, "t")
    assert list(ended) == list(queries)
    assert {o.state for o in ended.values()} == {"SUCCEEDED"}
    assert len(step_functions.executions) == 3
    with pytest.raises(SqlError, match="query huge is longer than 256 KiB"):
        fan_out.run({"huge": f"SELECT 1 -- {'x' * 300_000}"}, "t")


def test_long_queries_that_all_fail_are_all_reported(
    fan_out: StepFunctionsFanOut, step_functions: StepFunctions
) -> None:
    filler = f"-- {'x' * (INPUT_BYTES // 2 - 100)}\n"
    ended = fan_out.run({f"q{n}": f"{filler}{BAD}" for n in range(2)}, "t")
    assert {o.state for o in ended.values()} == {"FAILED"}
    (execution,) = step_functions.executions.values()
    assert execution.status == "SUCCEEDED"


def test_an_execution_that_somebody_stopped_is_no_success(
    aws: AwsNames, athena: Athena, step_functions: StepFunctions
) -> None:
    failed: list[BaseException] = []

    def run() -> None:
        try:
            made(aws).run({"long": ENDLESS}, "t")
        except SqlTimeoutError as error:
            failed.append(error)

    worker = threading.Thread(target=run)
    worker.start()
    until(lambda: athena.queries, "started")
    (execution,) = step_functions.executions.values()
    step_functions.call("StopExecution", {"executionArn": execution.arn})
    worker.join(20)
    assert "stopped before it ended" in str(failed[0])


def test_a_missing_state_machine_is_reported_with_what_to_do(
    aws: AwsNames, step_functions: StepFunctions
) -> None:
    fan_out = made(aws)
    fan_out._machine = aws.state_machine_arn.replace("queries", "gone")
    with pytest.raises(SqlError, match=r"Cannot start state machine .*does not exist.*infra/"):
        fan_out.run(GOOD, "t")


def test_a_name_is_readable_short_and_of_its_queries() -> None:
    name = execution_name(GOOD, "run-1/stage.card/2024-05-22..2024-05-31: ä" + "x" * 200)
    assert name.startswith("run-1-stage-card-2024-05-22-2024-05-31-x")
    assert len(f"{name}-99") <= 80
    assert execution_name(GOOD, "a") == execution_name(dict(reversed(GOOD.items())), "a")
    assert execution_name(GOOD, "a") != execution_name(GOOD, "b")
    assert execution_name({"one": "x"}, "a") != execution_name({"one": "y"}, "a")


def test_the_state_machine_returns_no_more_than_it_must(
    fan_out: StepFunctionsFanOut, step_functions: StepFunctions
) -> None:
    fan_out.run(GOOD, "t")
    (execution,) = step_functions.executions.values()
    reported = json.loads(str(execution.output))
    assert [sorted(one) for one in reported] == [["name", "query_id", "state"]] * 3
