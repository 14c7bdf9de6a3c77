"""The resources that assets use, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from customer360_assets.tables.partitions import span_of
from resources.protocols.work import Work, begin

if TYPE_CHECKING:
    from resources.protocols.archive import Archive
    from resources.protocols.lake import Lake
    from resources.protocols.landing import Landing
    from resources.protocols.ledger import Ledger
    from resources.protocols.profile_store import ProfileStore
    from resources.protocols.spark_engine import SparkEngine
    from resources.protocols.sql_engine import SqlEngine

RESOURCES = {"lake", "sql", "spark", "store", "landing", "archive", "ledger"}


@dataclass(frozen=True)
class Platform:
    """One handle per outside service; which implementation stands behind is the deployment's."""

    lake: Lake
    sql: SqlEngine
    spark: SparkEngine
    store: ProfileStore
    landing: Landing
    archive: Archive
    ledger: Ledger

    @classmethod
    def of(cls, context: dg.AssetExecutionContext) -> Platform:
        """Return the platform of a step's resources, bound to the work of this step."""
        run = context.run
        begin(
            Work(
                run_id=run.run_id,
                attempt_of=run.root_run_id or run.run_id,
                table=context.op_execution_context.op_handle.name.replace("__", "."),
                span=str(span_of(context)),
                log=context.log,
            )
        )
        return cls(**{name: getattr(context.resources, name) for name in RESOURCES})

    @classmethod
    def given(cls, resources: Mapping[str, Any]) -> Platform:
        """Return the platform of the given resources, outside a step."""
        return cls(**{name: resources[name] for name in RESOURCES})
