"""The SQL of whole runs on one machine: what a bank's tables, audits and controls need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from customer360_assets.cli import demo
from customer360_assets.cli.run import run_command
from customer360_assets.contracts import SCHEMAS, contracts
from customer360_assets.contracts.audit import audit_sql, first_broken_sql
from customer360_assets.publishing.lake_tables import readable
from customer360_assets.publishing.platform import Platform
from resources.deployment.deployment import Deployment, deployment
from resources.wiring.deployed import services_of
from simulator.settings import DefectShares
from simulator.simulate import simulate
from tests.engines.recorded import Recorder, Text
from tests.run.deliveries import DAY

WORKSHOP = Path(__file__).parents[3] / "shared" / "data" / "workshop"
ROWS, FILES = 0.006, 0.1
# Late, corrected, redelivered and bad: some of each, in a bank of this size.
DEFECTS = DefectShares(
    **dict.fromkeys(
        (
            "unknown_code", "quoted_number", "date_shape", "bad_date", "column_more",
            "column_fewer", "blank_line", "repeated_id", "orphan", "broken_json", "new_field",
            "late_row",
        ),
        ROWS,
    ),
    **dict.fromkeys(("redelivered", "corrected", "late_delivery", "missing"), FILES),
)  # fmt: skip


def simulated(folder: Path, recorder: Recorder) -> None:
    """Build the simulated bank, and record the texts."""
    target = deployment(folder / "home").model_copy(
        update={"first_business_date": demo.END - 39 * demo.DAY, "last_business_date": None}
    )
    target.save()
    bank = simulate(
        target.home / "bank", customers=60, days=40, seed=7, end=demo.END, defects=DEFECTS
    )
    demo._extract(target, bank.landing, Console(quiet=True))
    with recorder.recording():
        code = run_command(target.home, bank.landing, "workshop", demo.END, settle=0)
    assert code == 0
    for text in of_contracts(target):
        recorder.add(text)


def workshop(folder: Path, recorder: Recorder) -> None:
    """Build the workshop's deliveries, and record the texts."""
    import datetime as dt

    with recorder.recording():
        code = run_command(folder / "home", WORKSHOP, None, dt.date.fromisoformat(DAY), settle=0)
    assert code == 0


def of_contracts(target: Deployment) -> Iterator[Text]:
    """Return each contract's audit, and its count of records by the first rule that they break."""
    platform = Platform(**services_of(target))
    for schema in SCHEMAS:
        for contract in contracts(schema):
            files = readable(platform, contract.table, platform.lake.files(contract.table))
            inputs: dict[str, Any] = {"candidate.rows": list(files)}
            step = f"contract {contract.table}"
            yield Text(step, audit_sql(contract, "candidate.rows"), (), inputs)
            yield Text(
                step,
                f"SELECT rule, count(*) AS n FROM (SELECT {first_broken_sql(contract.rules)} AS "
                "rule FROM candidate.rows) AS judged GROUP BY rule",
                (),
                inputs,
            )
