"""Every SQL text of a run on a real Trino: planned, run, and equal to DuckDB row for row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from customer360_assets.contracts import contract
from customer360_assets.contracts.audit import iceberg_schema
from resources.embedded.duckdb_engine import DuckDbEngine
from resources.iceberg.glue_lake import GlueLake
from tests.aws.athena.athena_environment import engine_of
from tests.aws.conftest_athena import emulated_athena
from tests.aws.emulation.athena_trino import TrinoBackEnd
from tests.aws.environment import REGION, new_environment
from tests.engines.banks import WORKSHOP, simulated, workshop
from tests.engines.compared import Plan, Planning, from_disk, from_s3, rows_of
from tests.engines.recorded import Recorder, Text
from tests.engines.trino_client import Trino

pytestmark = pytest.mark.engines

# Trino refuses a plan of more than 150 stages, and did of more than 100 before its release 381.
MOST_FRAGMENTS = 150
LAKE = "lake"


@dataclass(frozen=True)
class Judged:
    """A text, how it was planned, and whether both engines gave the same rows."""

    text: Text
    plan: Plan
    rows: int
    problem: str = ""

    def __str__(self) -> str:
        plan = self.plan
        return (
            f"{self.text.name:<72}{plan.scans:>6}{plan.of_one_table:>6}{plan.fragments:>6}"
            f"{self.rows:>8}  {self.problem or 'equal'}"
        )


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Text]]:
    """Return a lake's folder, and the texts of the simulated bank and the workshop."""
    folder = tmp_path_factory.mktemp("texts")
    recorder = Recorder(folder / LAKE / "raw" / "recorded" / "data")
    simulated(folder / "simulated", recorder)
    found = recorder.found
    if WORKSHOP.is_dir():
        recorder.found = {}
        workshop(folder / "workshop", recorder)
        found = found | {("workshop", *key): text for key, text in recorder.found.items()}
    return folder / LAKE, list(found.values())


@pytest.fixture(scope="module")
def judged(
    texts: tuple[Path, list[Text]], trino: Trino, aws_endpoint: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[list[Judged]]:  # fmt: skip
    """Return every text as it was judged."""
    folder = tmp_path_factory.mktemp("judged")
    with trino.at(aws_endpoint, REGION, "texts") as catalog, new_environment(aws_endpoint) as names:
        planning = Planning(TrinoBackEnd(catalog, aws_endpoint, REGION))
        with emulated_athena(aws_endpoint, names, folder, lambda *_: planning):
            lake = GlueLake(names=names, lake_dir=texts[0])
            found = []
            for number, text in enumerate(texts[1]):
                found.append(_judged(text, number, lake, planning, folder))
                print(found[-1])  # noqa: T201 - how far it was, if it does not come to an end
            yield found


def _judged(text: Text, number: int, lake: GlueLake, planning: Planning, folder: Path) -> Judged:
    planning.plans.clear()
    engine, key = engine_of(lake), f"text-{number}"
    output = folder / key
    if text.target:
        lake.ensure(text.target, iceberg_schema(contract(text.target)))
        output = lake.candidate_dir(text.target, key)
    ours = rows_of(DuckDbEngine(), text, folder / f"duckdb-{number}", from_disk)
    try:
        theirs = rows_of(engine, text, output, from_s3(lake.mirror.s3))
    except Exception as failure:
        return Judged(text, Plan(0, 0, 0), 0, f"{type(failure).__name__}: {failure}")
    rows = sum(map(len, ours.values()))
    alone = sum(
        len(set(ours.get(part, [])) ^ set(theirs.get(part, []))) for part in {*ours, *theirs}
    )
    problem = "" if ours == theirs else f"different: {alone} rows on one side alone"
    return Judged(text, planning.plans[-1], rows, problem)


def test_every_text_is_equal(judged: list[Judged], capsys: pytest.CaptureFixture[str]) -> None:
    different = [one for one in judged if one.problem]
    most = max(one.plan.fragments for one in judged)
    lines = [
        f"{'':<72}{'scans':>6}{'most':>6}{'frag.':>6}{'rows':>8}",
        *map(str, sorted(judged, key=lambda one: -one.plan.fragments)),
        f"texts {len(judged)}, equal {len(judged) - len(different)}, different {len(different)}, "
        f"most fragments {most}",
    ]
    with capsys.disabled():
        print("\n" + "\n".join(lines))  # noqa: T201 - the figures of a differential test
    assert [str(one) for one in different] == []
    assert most <= MOST_FRAGMENTS
