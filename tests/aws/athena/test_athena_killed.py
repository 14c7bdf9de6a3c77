"""A worker that is killed or cancelled while Athena writes its candidate."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from customer360_assets.publishing.retries import passes
from resources.account.aws_names import AwsNames
from resources.athena.engine import AthenaEngine
from resources.athena.execution import Execution
from resources.iceberg.glue_lake import GlueLake
from resources.protocols.sql_engine import Candidate, SqlError, SqlTimeoutError
from resources.protocols.work import begin, current_work
from tests.aws.athena.athena_environment import (
    COLUMNS,
    DAYS,
    engine_of,
    lake_of,
    temporary_objects,
    temporary_tables,
    work,
)
from tests.aws.emulation.athena import Athena
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow

SQL = 'SELECT c.business_date, c.id, c.amount, c."text" FROM raw.card AS c'
PLAIN = f"{SQL} WHERE c.id IN (SELECT d.id FROM stage.other AS d)"

WORKER = """
    import sys
    from pathlib import Path
    from resources.account.aws_names import AwsNames
    from resources.deployment.deployment import deployment
    from resources.iceberg.glue_lake import GlueLake
    from resources.protocols.work import begin
    from tests.aws.athena import test_athena_killed as test
    lake = GlueLake(names=deployment().aws, lake_dir=Path(sys.argv[1]))
    begin(test.work("run-1"))
    test.build(test.engine_of(lake), lake, "run-1")
"""


@pytest.fixture
def lake(aws: AwsNames, tmp_path: Path) -> GlueLake:
    return lake_of(aws, tmp_path)


@pytest.fixture
def engine(lake: GlueLake, athena: Athena) -> Iterator[AthenaEngine]:
    before = current_work()
    yield engine_of(lake)
    begin(before)  # type: ignore[arg-type]


def build(engine: AthenaEngine, lake: GlueLake, run_id: str) -> Candidate:
    """Write a candidate from a slice and from plain files."""
    inputs = {
        "raw.card": lake.files("raw.card", DAYS[0], DAYS[1]),
        "stage.other": list(lake.files("raw.card", DAYS[0], DAYS[0])),
    }
    output = lake.candidate_dir("stage.card", run_id)
    return engine.run(PLAIN, [], inputs, output, COLUMNS)


def started(lake: GlueLake, athena: Athena, tmp_path: Path) -> subprocess.Popen[bytes]:
    """Start a worker and wait until Athena runs its query."""
    program = [sys.executable, "-c", textwrap.dedent(WORKER), str(tmp_path / "worker")]
    process = subprocess.Popen(program, cwd=Path(__file__).parents[3], env=dict(os.environ))
    until = time.monotonic() + 60
    while [q.state for q in athena.queries.values()] != ["RUNNING"]:
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.05)
    return process


def test_a_retry_takes_the_candidate_that_a_killed_worker_had_written(
    lake: GlueLake, engine: AthenaEngine, athena: Athena, tmp_path: Path
) -> None:
    with athena.kept_running():
        process = started(lake, athena, tmp_path)
        process.kill()
        process.wait()
        left = temporary_tables(lake)
        assert len(left) == 2
        made: list[Candidate] = []

        def retry() -> None:
            begin(work("run-2", attempt_of="run-1"))
            made.append(build(engine, lake, "run-2"))

        again = threading.Thread(target=retry)
        again.start()
        time.sleep(1)
    again.join()
    assert [query.state for query in athena.queries.values()] == ["SUCCEEDED"]
    assert made[0].rows == 2
    assert temporary_tables(lake) == temporary_objects(lake) == []
    assert all(lake.bytes([file]) for file in made[0].files)


def test_another_run_writes_its_own(lake: GlueLake, engine: AthenaEngine, athena: Athena) -> None:
    made = []
    for run_id in ("run-1", "run-3"):
        begin(work(run_id, attempt_of=run_id))
        made.append(build(engine, lake, run_id))
    assert [query.state for query in athena.queries.values()] == ["SUCCEEDED"] * 2
    assert not set(made[0].files) & set(made[1].files)


def test_the_same_step_again_writes_anew(
    lake: GlueLake, engine: AthenaEngine, athena: Athena
) -> None:
    begin(work())
    made = [build(engine, lake, "run-1") for _ in range(2)]
    assert [candidate.rows for candidate in made] == [2, 2]
    assert not set(made[0].files) & set(made[1].files)
    assert [query.state for query in athena.queries.values()] == ["SUCCEEDED"] * 2


def test_an_interrupted_worker_stops_its_query_and_takes_its_tables_away(
    lake: GlueLake, athena: Athena, tmp_path: Path
) -> None:
    with athena.kept_running():
        process = started(lake, athena, tmp_path)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) != 0
        (query,) = athena.queries.values()
        assert query.stopped.wait(PATIENCE)
        assert temporary_tables(lake) == temporary_objects(lake) == []
    assert query.state == "CANCELLED"


def test_a_cancelled_query_leaves_no_table(
    lake: GlueLake, engine: AthenaEngine, athena: Athena
) -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            build(engine, lake, "run-1")
        except SqlTimeoutError as failure:
            failures.append(failure)

    with athena.kept_running():
        building = threading.Thread(target=run)
        building.start()
        while not athena.queries:
            time.sleep(0.02)
        engine.cancel()
        building.join(20)
    assert len(failures) == 1
    assert [query.state for query in athena.queries.values()] == ["CANCELLED"]
    assert temporary_tables(lake) == temporary_objects(lake) == []


def test_an_insert_that_was_reported_as_failed_and_had_worked_does_not_double_the_rows(
    lake: GlueLake, engine: AthenaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = engine._client.run

    def tried_again(sql: str, *, keep: bool) -> Execution:
        once(sql, "reported as failed", keep=keep)
        return once(sql, "tried again", keep=keep)

    inputs = {"raw.card": lake.files("raw.card")}
    with monkeypatch.context() as patched:
        patched.setattr(engine._client, "run", tried_again)
        with pytest.raises(SqlError, match="rows more than once") as raised:
            engine.run(
                SQL, [], inputs, lake.candidate_dir("stage.card", "a"), COLUMNS, ["business_date"]
            )
    assert passes(raised.value)
    made = engine.run(
        SQL, [], inputs, lake.candidate_dir("stage.card", "b"), COLUMNS, ["business_date"]
    )
    assert made.rows == 3
