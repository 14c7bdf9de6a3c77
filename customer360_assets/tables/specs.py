"""What Dagster shows of a table, from its contract."""

from __future__ import annotations

import dagster as dg

from customer360_assets.contracts.contract import Column, Contract
from customer360_assets.tables.partitions import dates_up_to

GROUPS = {
    "raw": "raw",
    "quarantine": "raw",
    "stage": "stage",
    "dimension": "dimensions",
    "profile": "profile",
}


AS_OF = {"dimension", "profile"}
"""Schemas whose tables look back from their business date."""


def asset_key(table: str) -> dg.AssetKey:
    """Return the asset key of "schema.table"."""
    return dg.AssetKey(table.split("."))


def table_schema(columns: tuple[Column, ...]) -> dg.TableSchema:
    """Return the column schema that the UI shows, with each column's personal-data class."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=c.name,
                type=c.type,
                description=c.description,
                constraints=dg.TableColumnConstraints(nullable=c.nullable),
                tags={"personal_data": c.pii},
            )
            for c in columns
        ]
    )


def personal_data_class(contract: Contract) -> str:
    """Return the most protected personal-data class among a table's columns."""
    order = ("none", "pseudonym", "quasi", "personal", "restricted")
    return max((c.pii for c in contract.columns), key=order.index)


def table_dep(contract: Contract, upstream: str) -> dg.AssetDep:
    """Return the dependency on a table: on the same date, or on all dates up to it."""
    looks_back = contract.schema in AS_OF and upstream.split(".", maxsplit=1)[0] not in AS_OF
    mapping = dates_up_to(contract.window_months) if looks_back else None
    return dg.AssetDep(asset_key(upstream), partition_mapping=mapping)


def table_spec(
    contract: Contract,
    *,
    reads: tuple[str, ...],
    kinds: set[str],
    code_version: str,
    partitions_def: dg.PartitionsDefinition[str] | None,
    extra_deps: tuple[dg.AssetKey, ...] = (),
) -> dg.AssetSpec:
    """Return the asset spec of a table: description, schema, tags, owner, group and lineage."""
    return dg.AssetSpec(
        key=asset_key(contract.table),
        deps=[*(table_dep(contract, t) for t in reads), *extra_deps],
        description=contract.description,
        group_name=GROUPS[contract.schema],
        owners=[contract.owner],
        kinds=kinds,
        code_version=code_version[:16],
        partitions_def=partitions_def,
        tags={
            "layer": contract.schema,
            "personal_data": personal_data_class(contract),
            "cadence": contract.cadence,
            **({"feed": contract.feed} if contract.feed else {}),
        },
        metadata={
            "dagster/column_schema": table_schema(contract.columns),
            "dagster/table_name": contract.table,
            "grain": ", ".join(contract.key),
            "read_as_of": contract.reads,
        },
    )
