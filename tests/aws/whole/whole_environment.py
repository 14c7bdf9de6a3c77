"""An environment with all that the asset graph needs, and its tables beside the local ones."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.deployment.deployment import deployment
from resources.wiring.deployed import services_of
from tests.aws.conftest_athena import emulated_athena
from tests.aws.conftest_step_functions import emulated_step_functions
from tests.aws.emulation.athena import Athena
from tests.aws.emulation.athena_back_end import MakeBackEnd
from tests.aws.emulation.athena_duckdb import DuckDbBackEnd
from tests.aws.emulation.job_machine import Machine
from tests.aws.emulation.step_functions import StepFunctions
from tests.aws.environment import CARD_KEY, new_environment
from tests.aws.jobs.job_environment import EmulatedJobs, create_jobs, emulated_jobs
from tests.run.small_bank import run_here

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Environment:
    """An environment of an emulated account, and the services that really execute."""

    names: AwsNames
    athena: Athena
    step_functions: StepFunctions
    jobs: EmulatedJobs


@contextmanager
def whole_environment(
    endpoint: str,
    folder: Path,
    back_end: MakeBackEnd = DuckDbBackEnd,
    machine: Machine | None = None,
) -> Iterator[Environment]:
    """Yield an environment; the process's variables name it and its services."""
    with ExitStack() as stack:
        names = stack.enter_context(new_environment(endpoint))
        athena = stack.enter_context(emulated_athena(endpoint, names, folder / "athena", back_end))
        fan_out = stack.enter_context(emulated_step_functions(endpoint, athena.url, names))
        jobs = stack.enter_context(emulated_jobs(endpoint, machine=machine))
        create_jobs(names)
        yield Environment(names, athena, fan_out, jobs)


def land(names: AwsNames, landing: Path) -> int:
    """Deliver a folder's files to the environment's landing zone; give how many."""
    s3 = client("s3", names.region)
    files = sorted(p for p in landing.rglob("*") if p.is_file())
    for file in files:
        key = f"landing/{file.relative_to(landing).as_posix()}"
        s3.upload_file(str(file), names.bucket("raw"), key)
    return len(files)


@contextmanager
def locally() -> Iterator[None]:
    """Set the process's variables to the local deployment, with the environment's card key."""
    local = {"CUSTOMER360_DEPLOYMENT": "local", "CUSTOMER360_CARD_KEY": CARD_KEY}
    with mock.patch.dict(os.environ, local):
        yield


def build(home: Path, landing: Path | None, *dates: dt.date) -> str:
    """Run the command for each date on the deployment that the variables name; return its text."""
    said = ""
    for date in dates:
        code, printed = run_here(home, landing, str(date))  # type: ignore[arg-type]
        assert code == 0, printed
        said += printed
    return said


def in_order(rows: Iterable[Mapping[str, object]]) -> Rows:
    """Return rows sorted, values by the names of their columns: files have them in any order."""
    return sorted((tuple(row[name] for name in sorted(row)) for row in rows), key=repr)


def tables(home: Path) -> dict[str, Rows]:
    """Return all rows of every table of the deployment that the variables name, sorted."""
    lake = services_of(deployment(home))["lake"]
    found = {}
    for table in lake.tables():
        rows = [row for batch in lake.batches(table) for row in batch.to_pylist()]
        found[table] = in_order(rows)
    return found


def served(home: Path, clients: list[int]) -> dict[int, dict[str, Any] | None]:
    """Return the profiles of clients as the store serves them."""
    store = services_of(deployment(home))["store"]
    return {client_id: store.get(client_id) for client_id in clients}


def differences(ours: dict[str, Rows], theirs: dict[str, Rows]) -> list[str]:
    """Return a line for each table: rows on both sides, and how many are on one side only."""
    reported = []
    for table in sorted({*ours, *theirs}):
        left, right = ours.get(table), theirs.get(table)
        alone = set(map(repr, left or ())) ^ set(map(repr, right or ()))
        state = "equal" if left == right else f"{len(alone)} rows on one side alone"
        reported.append(f"{table}: {len(left or ())} local, {len(right or ())} on AWS, {state}")
    return reported
