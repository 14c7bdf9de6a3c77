"""Every name that Dagster keeps to itself and this project needs, with the reason.

Nothing else imports a private module of Dagster; `tests/definitions/test_dagster_internals.py`
has a test of each name, which fails when a release of Dagster changes it.
"""

from __future__ import annotations

from collections.abc import Mapping

from dagster._core.definitions.declarative_automation.operators import (
    # What `a & ~b` makes of conditions; its own type knows `with_label`, the base does not say so.
    AndAutomationCondition,
)
from dagster._core.definitions.unresolved_asset_job_definition import (
    # What `dg.define_asset_job` returns; the public API has no name for it.
    UnresolvedAssetJobDefinition,
)

# What a storage of events calls back for each event of a watched run.
from dagster._core.event_api import EventHandlerFn

# Which backfills are under way: a rollback waits for their end.
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus

# What an executor of one's own is given; `dg.Executor` itself is public, its arguments are not.
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan

# The code location within this process, loaded to switch its sensors under the daemon's name.
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.remote_representation.external import RemoteSensor

# States of sensors and their ticks, as the record holds them.
from dagster._core.scheduler.instigation import InstigatorStatus, InstigatorType, TickStatus

# Statuses of runs that have ended; a copy here would miss a new one.
from dagster._core.storage.dagster_run import FINISHED_STATUSES

# How often Dagster itself looks for new events: a watch here is neither more nor less often.
from dagster._core.storage.event_log.polling_event_watcher import INIT_POLL_PERIOD, MAX_POLL_PERIOD

# The table of events, for an INSERT of many rows in one statement.
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable

# Extended in event_log.py and event_watch.py; PROTECTED lists the members used.
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorageWatchdog

# Which record an instance has: only that of a home is a folder of its own, with leases, and every
# SQL storage has an id, under which what was read of it is remembered.
from dagster._core.storage.runs import SqliteRunStorage, SqlRunStorage

# Tags that are in every record of runs already.
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,  # a run of several dates
    ASSET_PARTITION_RANGE_START_TAG,
    AUTO_RETRY_RUN_ID_TAG,  # the retry of a failed run
    BACKFILL_ID_TAG,  # the backfill that asked for a run
    PRIORITY_TAG,  # the order in which queued runs start
    ROOT_RUN_ID_TAG,  # the first run of a chain of retries
    RUN_KEY_TAG,  # the request of a sensor
    WILL_RETRY_TAG,  # a failed run is tried again: nobody is called yet
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

# The webserver's parts, since the public command has no room for an access guard before the app.
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget

# An argument of every storage that dagster.yaml configures.
from dagster._serdes import ConfigurableClassData
from dagster._utils.log import configure_loggers

__all__ = [
    "ASSET_PARTITION_RANGE_END_TAG",
    "ASSET_PARTITION_RANGE_START_TAG",
    "AUTO_RETRY_RUN_ID_TAG",
    "BACKFILL_ID_TAG",
    "DAEMON_MODULE",
    "FINISHED_STATUSES",
    "INIT_POLL_PERIOD",
    "MAX_POLL_PERIOD",
    "PRIORITY_TAG",
    "ROOT_RUN_ID_TAG",
    "RUN_KEY_TAG",
    "WILL_RETRY_TAG",
    "AndAutomationCondition",
    "BulkActionStatus",
    "BulkActionsFilter",
    "ConfigurableClassData",
    "EventHandlerFn",
    "ExecutionPlan",
    "InProcessCodeLocationOrigin",
    "InstigatorStatus",
    "InstigatorType",
    "LoadableTargetOrigin",
    "PlanOrchestrationContext",
    "RemoteSensor",
    "SqlEventLogStorageTable",
    "SqlRunStorage",
    "SqliteEventLogStorage",
    "SqliteEventLogStorageWatchdog",
    "SqliteRunStorage",
    "TickStatus",
    "UnresolvedAssetJobDefinition",
    "WorkspaceFileTarget",
    "WorkspaceProcessContext",
    "configure_loggers",
]

DAEMON_MODULE = "dagster._daemon"
"""What `python -m` starts the daemon by: a script of the environment may be another's."""

PROTECTED: Mapping[str, Mapping[str, str]] = {
    "SqliteEventLogStorage": {
        "_base_dir": "the folder that is watched for changes",
        "_connect": "overridden: Dagster's closes the database after every event",
        "_event_to_row": "the row of an event, stored with those of other partitions",
        "_initdb": "creates the tables of a run's database when it is opened",
        "_initialized_dbs": "the databases whose tables exist",
        "_obs": "the observer of files, which Dagster ends when the storage is disposed of",
        "_store_asset_event": "the asset's own row, left as the last event of each kind makes it",
        "_store_asset_event_tags": "the tags of the events of several partitions at once",
        "_watchers": "the watches that Dagster ends",
    },
    "SqliteEventLogStorageWatchdog": {
        "_cursor": "changes when an event was found: the pause is short again",
        "_log_path": "the database that is watched, and its write-ahead log beside it",
        "_process_log": "calls back for the events after the cursor",
    },
}
"""Members of the classes that this project extends, by class, with the reason."""
