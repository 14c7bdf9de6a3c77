"""The whole graph on AWS and on one machine: the same rows in every table, the same profiles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.deployment.deployment import deployment
from resources.wiring.deployed import services_of
from tests.aws.emulation.athena_back_end import MakeBackEnd
from tests.aws.emulation.athena_duckdb import DuckDbBackEnd
from tests.aws.emulation.job_machine import Sail, Spark
from tests.aws.whole.whole_environment import (
    Environment,
    build,
    differences,
    land,
    locally,
    served,
    tables,
    whole_environment,
)
from tests.run.deliveries import CARDS, DAY, card, card_file, good_day
from tests.run.small_bank import SmallBank

pytestmark = pytest.mark.slow

DATE = dt.date.fromisoformat(DAY)
WORKSHOP = Path(__file__).parents[4] / "shared" / "data" / "workshop"


def _compared(environment: Environment, landing: Path, folder: Path, *dates: dt.date) -> list[str]:
    """Build both; give what differs, after printing the count of every table."""
    assert land(environment.names, landing) > 0
    build(folder / "aws", None, *dates)
    theirs = tables(folder / "aws")
    with locally():
        build(folder / "local", landing, *dates)
        ours = tables(folder / "local")
    reported = differences(ours, theirs)
    print("\n".join(reported))  # noqa: T201 - the figures of a differential test
    with locally():
        profiles = services_of(deployment(folder / "local"))["lake"].batches("profile.customer_360")
        clients = sorted({c for b in profiles for c in b.column("client_id").to_pylist()})
    assert len(clients) > 0
    on_aws = served(folder / "aws", clients)
    with locally():
        on_one_machine = served(folder / "local", clients)
    assert on_aws == on_one_machine
    return [line for line in reported if not line.endswith("equal")]


@pytest.fixture
def environment(aws_endpoint: str, tmp_path: Path, back_end: MakeBackEnd) -> Iterator[Environment]:
    """An environment whose Athena, Step Functions, Glue and EMR execute; or Trino and Spark."""
    quick = back_end is DuckDbBackEnd
    machine = Sail() if quick else Spark(aws_endpoint, tmp_path / "spark")
    with whole_environment(aws_endpoint, tmp_path, back_end, machine) as made:
        yield made


@pytest.mark.long
def test_a_small_bank_and_a_correction(environment: Environment, tmp_path: Path) -> None:
    bank = SmallBank(tmp_path)
    bank.deliver(good_day())
    assert _compared(environment, bank.landing, tmp_path, DATE) == []
    bank.deliver({card_file(): card(CARDS[0], 103) + card(CARDS[1], 103)})
    assert _compared(environment, bank.landing, tmp_path, DATE) == []
    # The queries ran where they should, and left nothing behind.
    assert environment.jobs.services.processes
    glue = services_of(deployment(tmp_path / "aws"))["lake"]
    assert glue.tables() == sorted(tables(tmp_path / "aws"))


@pytest.mark.long
def test_a_difference_is_seen(environment: Environment, tmp_path: Path) -> None:
    bank = SmallBank(tmp_path)
    bank.deliver(good_day())
    land(environment.names, bank.landing)
    build(tmp_path / "aws", None, DATE)
    bank.deliver({card_file(): card(CARDS[0], 103)})
    with locally():
        build(tmp_path / "local", bank.landing, DATE)
        ours = tables(tmp_path / "local")
    reported = differences(ours, tables(tmp_path / "aws"))
    assert any(line.startswith("stage.card") and "alone" in line for line in reported)


@pytest.mark.long
def test_the_workshop_deliveries(environment: Environment, tmp_path: Path) -> None:
    if not WORKSHOP.is_dir():
        pytest.skip("the workshop's files are not beside this project")
    assert _compared(environment, WORKSHOP, tmp_path, DATE) == []


def test_a_simulated_bank(environment: Environment, tmp_path: Path) -> None:
    from rich.console import Console

    from customer360_assets.cli import demo

    console = Console(quiet=True)
    with locally():
        first = demo.END - 39 * demo.DAY
        source = deployment(tmp_path / "source")
        target = source.model_copy(update={"first_business_date": first})
        landing = demo._simulate(target.home / "bank", 100, 40, 7, console)
        demo._extract(target, landing, console)
    assert _compared(environment, landing, tmp_path, demo.END) == []
