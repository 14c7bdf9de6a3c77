"""Extraction by a Glue job delivers what the local extraction delivers, or nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from customer360_assets.extraction import (
    Extracted,
    ExtractionError,
    TransactionTable,
    extract_transactions,
)
from customer360_assets.extraction.on_aws import (
    extract_transactions_on_aws,
)
from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.jobs.glue_engine import GlueEngine
from resources.jobs.output import files_below
from resources.s3.mirror import Mirror, address
from resources.sources.source_database import _extension
from simulator.core_banking import CoreBanking, core_banking
from simulator.crm_app import crm_app
from simulator.simulate import Simulated
from tests.aws.emulation.job_machine import Machine, Sail
from tests.aws.jobs.job_environment import HASTY, EmulatedJobs, create_jobs, emulated_jobs
from tests.aws.over_tcp import READER, let_read, over_tcp
from tests.extraction.conftest import bank, source
from tests.extraction.test_guards import VIEW
from tests.extraction.test_transactions import LAST
from tests.run.conftest import customer360

pytestmark = pytest.mark.slow

__all__ = ["bank"]
LOOK_BACK = 2


@pytest.fixture(scope="module")
def core(bank: Simulated, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoreBanking]:
    folder = tmp_path_factory.mktemp("core")
    with core_banking(bank.transactions_files, folder) as running:
        rounded = "(CASE WHEN trans_id = 7 THEN amount + 0.004 ELSE amount END)::numeric(18,3)"
        views = {"rounded": ("date", rounded), "floating": ("date", "amount::double precision")}
        for name, (date, amount) in views.items():
            running.server.query(VIEW.format(name=name, date=date, amount=amount))
        let_read(running)
        yield running


@pytest.fixture
def jobs(
    aws: AwsNames, aws_endpoint: str, core: CoreBanking, machine: Machine, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[EmulatedJobs]:  # fmt: skip
    monkeypatch.setenv("EMULATED_JDBC", core.dsn)
    monkeypatch.setenv("EMULATED_JDBC_EXTENSION", str(_extension(tmp_path)))
    with over_tcp(core) as url, emulated_jobs(aws_endpoint, machine=machine) as emulated:
        create_jobs(aws)
        properties = {
            "JDBC_CONNECTION_URL": "jdbc:tests" if isinstance(machine, Sail) else url,
            "SECRET_ID": aws.core_banking_secret,
        }
        client("glue", aws.region).create_connection(
            ConnectionInput={
                "Name": aws.core_banking_connection,
                "ConnectionType": "JDBC",
                "ConnectionProperties": properties,
            }
        )
        keep(aws, aws.core_banking_secret, READER)
        yield emulated


def keep(names: AwsNames, secret: str, value: dict[str, str]) -> None:
    client("secretsmanager", names.region).put_secret_value(
        SecretId=secret, SecretString=json.dumps(value)
    )


def taken(names: AwsNames, tmp_path: Path, table: TransactionTable | None = None) -> Extracted:
    engine = GlueEngine(names, Mirror(tmp_path / "lake", names), HASTY)
    return extract_transactions_on_aws(names, engine, LAST, LOOK_BACK, table)


def landed(names: AwsNames, to: Path) -> dict[str, Path]:
    """The delivered files by name."""
    to.mkdir(exist_ok=True)
    found = {}
    for uri in files_below(f"{names.landing}/", names.region):
        local = to / uri.rpartition("/")[2]
        where = address(uri)
        client("s3", names.region).download_file(where["Bucket"], where["Key"], str(local))
        found[local.name] = local
    return found


def rows(file: Path) -> tuple[list[Any], list[Any]]:
    described = duckdb.execute(f"DESCRIBE FROM '{file}'").fetchall()
    found = duckdb.execute(f"FROM '{file}' ORDER BY date, trans_id").fetchall()
    return [d[:2] for d in described], found


def test_files_are_those_of_the_local_extraction(
    aws: AwsNames, jobs: EmulatedJobs, core: CoreBanking, tmp_path: Path
) -> None:
    core.server.query("DELETE FROM transactions WHERE date::date = '2024-06-29'")
    local = extract_transactions(source(core, look_back=LOOK_BACK), tmp_path / "local", LAST)
    there = taken(aws, tmp_path)
    assert [f.name for f in there.files] == [f.name for f in local.files]
    assert [f.name for f in there.delivered] == [f.name for f in local.delivered]
    assert (there.rows, there.totals) == (local.rows, local.totals)
    files = landed(aws, tmp_path / "landed")
    assert files.keys() == {f.name for f in local.files}
    for file in local.files:
        assert rows(files[file.name]) == rows(file), file.name
    assert rows(files["transactions_20240629.parquet"])[1] == []
    assert not files_below(f"{aws.temporary}/extraction/", aws.region)
    # The secret is in no argument and in no line of the log.
    (process,) = jobs.services.processes
    seen = json.dumps([process.arguments, process.lines])
    assert "secret" not in seen.replace(aws.core_banking_secret, "")

    # Again: one date has changed, and it alone is delivered again.
    core.server.query(
        "UPDATE transactions SET amount = amount + 0.01 WHERE trans_id ="
        " (SELECT max(trans_id) FROM transactions WHERE date::date = '2024-06-30')"
    )
    again = taken(aws, tmp_path)
    assert [f.name for f in again.delivered] == ["transactions_20240630.parquet"]
    assert len(jobs.services.processes) == 2


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("rounded", r"control totals .* amount differs by -0.004"),
        ("floating", r"public.floating.amount is no exact number"),
    ],
)
def test_what_is_not_exact_is_not_delivered(
    aws: AwsNames, jobs: EmulatedJobs, tmp_path: Path, table: str, expected: str
) -> None:
    with pytest.raises(ExtractionError, match=expected) as failure:
        taken(aws, tmp_path, TransactionTable(table=table))
    assert "No transactions were delivered" in str(failure.value)
    assert landed(aws, tmp_path / "landed") == {}


def test_a_wrong_password_is_not_shown(aws: AwsNames, jobs: EmulatedJobs, tmp_path: Path) -> None:
    keep(aws, aws.core_banking_secret, {**READER, "password": "hunter2"})
    with pytest.raises(ExtractionError) as failure:
        taken(aws, tmp_path)
    assert "hunter2" not in str(failure.value)
    assert re.search("RuntimeError|Py4JJavaError", str(failure.value))
    keep(aws, aws.core_banking_secret, {})
    with pytest.raises(ExtractionError, match="has no username and password"):
        taken(aws, tmp_path)
    assert landed(aws, tmp_path / "landed") == {}


@pytest.mark.long
def test_the_command_takes_both_sources_of_the_environment(
    aws: AwsNames, jobs: EmulatedJobs, bank: Simulated, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("CUSTOMER360_HOME", str(tmp_path / "home"))
    dated = ("extract", "--business-date", str(LAST))
    with crm_app(bank.customers_file) as app:
        unset = customer360(*dated)
        keep(aws, aws.crm_secret, {"url": app.url, "token": app.token})
        ran = customer360(*dated)
        assert app.token not in ran.output
    assert unset.code == 1
    assert f"The secret {aws.crm_secret} is not" in unset.output
    assert ran.code == 0, ran.output
    assert "crm_customer" in ran.output
    assert "transaction" in ran.output
    files = landed(aws, tmp_path / "landed")
    assert "crm0020240630-000000.json" in files
    assert "transactions_20240630.parquet" in files
    refused = customer360(*dated, "--crm-url", "http://127.0.0.1:1")
    assert refused.code == 1
    assert "sources of its own" in refused.output
