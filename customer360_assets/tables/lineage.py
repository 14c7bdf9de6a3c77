"""Column lineage: read from the SQL, or declared where a script makes the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import dagster as dg

from customer360_assets.contracts import contract as contract_of
from customer360_assets.tables.specs import asset_key
from customer360_assets.tables.transformations import transformation

Sources = Mapping[str, Sequence[tuple[str, str]]]


@cache
def column_sources(table: str) -> Sources:
    """Return the (table, column) sources of each column of a table from stage on."""
    made_by, contract = transformation(table), contract_of(table)
    if made_by.kind == "spark":
        return {
            c.name: [(d.rpartition(".")[0], d.rpartition(".")[2]) for d in c.derived_from]
            for c in contract.columns
        }
    from resources.dialect.column_lineage import column_lineage

    schemas = {name: [c.name for c in contract_of(name).columns] for name in made_by.reads}
    found = column_lineage(made_by.text, schemas)
    return {c.name: list(found.get(c.name, ())) for c in contract.columns}


@cache
def lineage_metadata(table: str) -> dict[str, dg.TableColumnLineage]:
    """Return the column lineage as Dagster's metadata; constants and the date have no source."""
    return {
        "dagster/column_lineage": dg.TableColumnLineage(
            deps_by_column={
                column: [
                    dg.TableColumnDep(asset_key=asset_key(source), column_name=name)
                    for source, name in sources
                    if source != "?"
                ]
                for column, sources in column_sources(table).items()
            }
        )
    }
