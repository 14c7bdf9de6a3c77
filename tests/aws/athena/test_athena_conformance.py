"""The emulated Athena gives Trino's answers, through Athena's protocol."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from resources.athena.client import AthenaClient
from resources.athena.results import arrow
from resources.protocols.sql_engine import SqlError
from tests.aws.conftest_athena import emulated_athena
from tests.aws.emulation.athena_back_end import MakeBackEnd
from tests.aws.environment import new_environment
from tests.dialect.conformance import CASES, ERROR

# Every fifth, of every kind; lists are texts in Athena's results.
SAMPLE = [(case, trino) for case, trino in CASES[::5] if not isinstance(trino, list)]
Answers = dict[str, object]


@pytest.fixture(scope="module")
def answers(
    aws_endpoint: str, back_end: MakeBackEnd, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Answers]:
    folder: Path = tmp_path_factory.mktemp("athena")
    with (
        new_environment(aws_endpoint) as names,
        emulated_athena(aws_endpoint, names, folder, back_end),
    ):
        client = AthenaClient(
            region=names.region,
            workgroup=names.workgroup,
            database=names.temporary_database,
            output=names.temporary,
        )

        def answer(case: str) -> object:
            query = case if case.startswith("SELECT") else f"SELECT {case} AS answer"
            try:
                rows = arrow(client.pages(client.run(query).query_id))
            except SqlError as failure:
                return failure
            return rows.column(0)[0].as_py()

        with ThreadPoolExecutor(8) as pool:
            cases = [case for case, _ in SAMPLE]
            yield dict(zip(cases, pool.map(answer, cases), strict=True))


@pytest.mark.parametrize(("case", "trino"), SAMPLE, ids=[case for case, _ in SAMPLE])
def test_answer_is_trinos(answers: Answers, case: str, trino: object) -> None:
    found = answers[case]
    if trino is ERROR:
        assert isinstance(found, SqlError)
        return
    if isinstance(found, dt.datetime) and not isinstance(trino, dt.datetime):
        assert found.time() == dt.time()  # DuckDB widens a date; the contract's cast narrows it
        found = found.date()
    assert found == (pytest.approx(trino) if isinstance(trino, float) else trino)
