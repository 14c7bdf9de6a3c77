"""What a home has on record of its build: each asset's seconds, its rows and its files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import dagster as dg

from customer360_assets.contracts import contracts
from customer360_assets.publishing.platform import Platform
from customer360_assets.runs.instance import instance_of
from resources.deployment.deployment import deployment
from resources.wiring.deployed import services_of

STEP_EVENTS = {dg.DagsterEventType.STEP_SUCCESS}


def step_seconds(home: Path) -> dict[str, float]:
    """Return the seconds of every asset's steps, over all runs, from Dagster's event log."""
    seconds: dict[str, float] = {}
    with instance_of(deployment(home)) as instance:
        for run in reversed(instance.get_runs()):
            for entry in instance.all_logs(run.run_id, of_type=STEP_EVENTS):
                event = entry.get_dagster_event()
                table = str(event.step_key).replace("__", ".")
                taken = event.step_success_data.duration_ms / 1000
                seconds[table] = round(seconds.get(table, 0.0) + taken, 3)
    return seconds


def published(home: Path, *schemas: str) -> dict[str, list[str]]:
    """Return the Parquet files of every table of some schemas, as the catalog lists them."""
    platform = Platform(**services_of(deployment(home)))
    found = {}
    for schema in schemas:
        for contract in contracts(schema):
            if schema != "raw" or contract.feed:
                found[contract.table] = list(platform.lake.files(contract.table))
    return found


def row_counts(tables: dict[str, list[str]]) -> dict[str, int]:
    """Return the rows of each table, from its files' footers."""
    import pyarrow.parquet as pq

    return {t: sum(pq.read_metadata(f).num_rows for f in files) for t, files in tables.items()}


def main() -> None:
    """Print the seconds of each asset of a home as JSON."""
    print(json.dumps(step_seconds(Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
