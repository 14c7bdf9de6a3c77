"""The checks of a table, from its contract."""

from __future__ import annotations

import dagster as dg

from customer360_assets.contracts.contract import Contract
from customer360_assets.tables.specs import asset_key

DESCRIPTIONS = {
    "contract": "Every published row keeps every rule of the contract.",
    "grain": "No key occurs twice in what is published.",
    "pandera": (
        "Pandera, by itself, finds no row of a bounded sample that breaks the contract's model. "
        "`contract` judges the same rules over all rows in SQL."
    ),
    "conservation": (
        "Nothing is lost: delivered = published + repeated + quarantined. Of a snapshot that was "
        "delivered, something is left to publish."
    ),
    "quarantine": (
        "No record was refused, no value set aside. When one was, the rest is published anyway."
    ),
    "withdrawn": (
        "Every record published before for the date is still there. A redelivery with fewer "
        "records withdraws the others."
    ),
    "refused_files": (
        "Every refused file has been delivered again, or corrected; raw.delivery has the reasons."
    ),
    "completeness": (
        "The table has rows, and lacks no more keys of the newest published date before it than "
        "its contract allows (max_loss)."
    ),
    "unparsed_files": (
        "Every file could be read and parsed. The dates of one that failed keep their rows."
    ),
    "references": "Every id that refers to another table is found there. Orphans are kept.",
    "reconciliation": "Totals are no less than those of the tables read: no join loses rows.",
    "fan_out": "Totals are no more than those of the tables read: no join multiplies rows.",
    "anomaly": "Rows and key measures are like those of the 28 deliveries before.",
}


def check_names(contract: Contract) -> list[str]:
    """Return the names of a table's checks."""
    names = ["contract", "grain", "pandera"]
    if contract.table == "raw.delivery":
        names += ["refused_files", "unparsed_files"]
    elif contract.schema in ("raw", "stage"):
        names += ["conservation", "quarantine"]
    if contract.schema == "stage":
        names.append("withdrawn")
    if contract.whole_key:
        names.append("completeness")
    if contract.schema == "raw" and contract.feed:
        names.append("unparsed_files")
    if contract.references:
        names.append("references")
    if contract.controls:
        names += ["reconciliation", "fan_out"]
    if contract.table != "raw.delivery":
        names.append("anomaly")
    return names


def check_specs(contract: Contract) -> list[dg.AssetCheckSpec]:
    """Return a table's checks; a blocking one stops everything downstream."""
    return [
        dg.AssetCheckSpec(
            name=name,
            asset=asset_key(contract.table),
            description=DESCRIPTIONS[name],
            blocking=name in contract.blocking,
        )
        for name in check_names(contract)
    ]
