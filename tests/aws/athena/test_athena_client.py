"""One Athena query from start to end, by what the emulated Athena has run when it is over."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import textwrap
import threading
import time
from decimal import Decimal

import pytest

from resources.account.aws_names import AwsNames
from resources.athena.client import AthenaClient
from resources.athena.execution import Execution
from resources.athena.results import arrow
from resources.protocols.sql_engine import SqlError, SqlTimeoutError
from resources.protocols.work import Work, begin, current_work
from tests.aws.athena.athena_fixtures import ENDLESS, client, ended, made, states, step
from tests.aws.emulation.athena import Athena
from tests.patience import PATIENCE

__all__ = ["client", "step"]


def test_rows_have_the_types_that_the_result_states(client: AthenaClient) -> None:
    done = client.run(
        "SELECT CAST(1 AS bigint) AS a, CAST('1.50' AS decimal(18, 2)) AS b,"
        " DATE '2024-05-22' AS c, CAST('2024-05-22 10:11:12.123456' AS timestamp(6)) AS d, '' AS e,"
        " CAST(NULL AS varchar) AS f, true AS g, CAST(0.1 AS double) AS h"
    )
    assert arrow(client.pages(done.query_id)).to_pylist() == [
        {
            "a": 1,
            "b": Decimal("1.50"),
            "c": dt.date(2024, 5, 22),
            "d": dt.datetime(2024, 5, 22, 10, 11, 12, 123456),  # noqa: DTZ001
            "e": "",
            "f": None,
            "g": True,
            "h": 0.1,
        }
    ]


def test_what_a_query_used_is_reported_to_its_step(client: AthenaClient, step: Work) -> None:
    done = client.run("SELECT 1 AS a")
    assert step.numbers["athena_queries"] == 1
    assert step.numbers["athena_bytes_scanned"] == 0
    assert step.numbers["athena_engine_ms"] >= 0
    # Ten megabytes at least are billed: 5 dollars * 10 / 1,048,576, rounded up.
    assert step.numbers["athena_cost_usd"] == Decimal("0.000048")
    assert done.cost(Decimal(5)) == Decimal("0.000048")


def test_a_query_says_whose_it_is(client: AthenaClient, athena: Athena, step: Work) -> None:
    client.run("SELECT 1 AS a")
    (query,) = athena.queries.values()
    first, second = query.sql.splitlines()
    assert first == "-- customer360 run_id=run-1 table=stage.card span=2024-05-22"
    assert second == "SELECT 1 AS a"
    assert query.request["ResultReuseConfiguration"] == {
        "ResultReuseByAgeConfiguration": {"Enabled": False}
    }


def test_a_retry_joins_the_query_that_runs(
    aws: AwsNames, athena: Athena, client: AthenaClient, step: Work
) -> None:
    with athena.kept_running():
        waiting = threading.Thread(target=lambda: (begin(step), client.run("SELECT 1 AS a")))
        waiting.start()
        while not athena.queries:
            time.sleep(0.01)
        retried = Work("run-2", "run-1", step.table, step.span, step.log)
        begin(retried)
        other = made(aws)
        again = threading.Thread(target=lambda: (begin(retried), other.run("SELECT 1 AS a")))
        again.start()
        time.sleep(0.3)
    waiting.join()
    again.join()
    assert states(athena) == ["SUCCEEDED"]


def test_another_run_another_span_another_text_is_another_query(
    athena: Athena, client: AthenaClient, step: Work
) -> None:
    for work in (
        step,
        Work("run-9", "run-9", step.table, step.span, step.log),
        Work("run-1", "run-1", step.table, "2024-05-23", step.log),
    ):
        begin(work)
        client.run("SELECT 1 AS a")
    client.run("SELECT 2 AS a")
    assert states(athena) == ["SUCCEEDED"] * 4


def test_the_second_attempt_finds_the_query_of_a_killed_process(
    aws: AwsNames, athena: Athena, client: AthenaClient, step: Work
) -> None:
    program = f"""
        import logging
        from resources.athena.client import AthenaClient
        from resources.protocols.work import Work, begin
        begin(Work("run-1", "run-1", "stage.card", "2024-05-22", logging.getLogger()))
        AthenaClient(region={aws.region!r}, workgroup={aws.workgroup!r},
            database={aws.temporary_database!r}, output={aws.temporary!r}).run("SELECT 7 AS a")
    """
    with athena.kept_running():
        process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)])
        while not athena.queries:
            time.sleep(0.02)
        process.kill()
        process.wait()
        assert states(athena) == ["RUNNING"]
        begin(Work("run-2", "run-1", step.table, step.span, step.log))
        found: list[Execution] = []
        retry = threading.Thread(
            target=lambda w: (begin(w), found.append(client.run("SELECT 7 AS a"))),
            args=[current_work()],
        )
        retry.start()
        time.sleep(0.3)
    retry.join()
    assert list(athena.queries) == [found[0].query_id]
    assert arrow(client.pages(found[0].query_id)).to_pylist() == [{"a": 7}]


def test_a_query_that_was_lost_is_started_anew(
    athena: Athena, client: AthenaClient, step: Work
) -> None:
    athena.memory_limit = "1MB"
    big = "SELECT array_agg(t.x ORDER BY t.x) AS a FROM (VALUES 1) AS t (x)"
    with pytest.raises(SqlError):
        client.run(ENDLESS.replace("count(*) AS n", "array_agg(t0.x ORDER BY t1.x) AS n"))
    athena.memory_limit = "1GB"
    client.run(big)
    assert ended(athena)[-1] == "SUCCEEDED"


def test_a_cancelled_run_stops_its_query(athena: Athena, client: AthenaClient) -> None:
    failures: list[BaseException] = []

    def wait() -> None:
        try:
            client.run(ENDLESS)
        except SqlTimeoutError as failure:
            failures.append(failure)

    waiting = threading.Thread(target=wait)
    waiting.start()
    while "RUNNING" not in states(athena):
        time.sleep(0.02)
    client.cancel()
    waiting.join(PATIENCE)
    assert "stopped before it ended" in str(failures[0])
    assert ended(athena) == ["CANCELLED"]


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_stops_the_query_and_goes_on(
    athena: Athena,
    client: AthenaClient,
    monkeypatch: pytest.MonkeyPatch,
    interrupt: type[BaseException],
) -> None:
    looked = client._looked

    def interrupted(last: Execution) -> Execution:
        found = looked(last)
        if found.state == "RUNNING":
            raise interrupt
        return found

    monkeypatch.setattr(client, "_looked", interrupted)
    with pytest.raises(interrupt):
        client.run(ENDLESS)
    assert ended(athena) == ["CANCELLED"]


def test_an_interrupt_before_the_answer_stops_the_query_too(
    athena: Athena, client: AthenaClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, calls = client._start, []

    def interrupted(request: object) -> object:
        calls.append(start(request))  # type: ignore[arg-type]
        if len(calls) == 1:
            raise KeyboardInterrupt
        return calls[-1]

    monkeypatch.setattr(client, "_start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        client.run(ENDLESS)
    assert ended(athena) == ["CANCELLED"]


def test_a_query_that_takes_too_long_is_stopped(aws: AwsNames, athena: Athena) -> None:
    with pytest.raises(SqlTimeoutError, match="ran longer than 1 s"):
        made(aws, timeout_seconds=1).run(ENDLESS)
    assert ended(athena) == ["CANCELLED"]
