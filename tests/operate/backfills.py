"""Backfills as an operator launches them in the UI, and what became of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from tests.browser.session import Ui

ASSETS = "{ assetNodes { assetKey { path } isExecutable partitionDefinition { description } } }"
LAUNCH = """
mutation($p: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $p) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message }
  }
}
"""
AGAIN = """
mutation($p: ReexecutionParams!) {
  reexecutePartitionBackfill(reexecutionParams: $p) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message }
  }
}
"""
STATE = """
query($id: String!) {
  partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } }
}
"""
REPORTED = """
query($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) {
    ... on AssetNode { assetPartitionStatuses {
      ... on TimePartitionStatuses { ranges { status startKey endKey } } } }
  }
}
"""
GOING = {"REQUESTED", "CANCELING", "FAILING"}


def launch(ui: Ui, dates: Sequence[str]) -> str:
    """Backfill every asset for these dates; give the backfill's id."""
    nodes = ui.ask(ASSETS)["assetNodes"]
    chosen = [
        {"path": node["assetKey"]["path"]}
        for node in nodes
        if node["isExecutable"] and node["partitionDefinition"]
    ]
    given = {"partitionNames": list(dates), "assetSelection": chosen}
    answer = ui.ask(LAUNCH, {"p": given})["launchPartitionBackfill"]
    return str(answer["backfillId"])


def resume(ui: Ui, backfill: str) -> str:
    """Launch what failed or is missing of a backfill; give the new one's id."""
    given = {"parentRunId": backfill, "strategy": "FROM_FAILURE"}
    answer = ui.ask(AGAIN, {"p": given})["reexecutePartitionBackfill"]
    return str(answer["backfillId"])


def status(ui: Ui, backfill: str) -> str:
    """Return a backfill's status."""
    return str(ui.ask(STATE, {"id": backfill})["partitionBackfillOrError"]["status"])


def ended(ui: Ui, backfill: str, seconds: float) -> str:
    """Wait until a backfill has ended; give its status."""
    wait_for(lambda: status(ui, backfill) not in GOING, seconds, f"backfill {backfill} to end")
    return status(ui, backfill)


def materialized_ranges(ui: Ui, table: str) -> list[dict[str, Any]]:
    """Return the ranges of partitions that the UI shows as materialized."""
    node = ui.ask(REPORTED, {"key": {"path": table.split(".")}})["assetNodeOrError"]
    ranges: list[dict[str, Any]] = node["assetPartitionStatuses"]["ranges"]
    return [r for r in ranges if r["status"] == "MATERIALIZED"]


def wait_for(true: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something is so; TimeoutError says what was not."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(1)
