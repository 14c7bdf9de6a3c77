"""Stop and report what runs on AWS for runs that have ended."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import dagster as dg

from resources.account.aws_names import AwsNames
from resources.dagster_internals import FINISHED_STATUSES, ROOT_RUN_ID_TAG

if TYPE_CHECKING:
    from resources.account.errors import AwsError
    from resources.wiring.running_on_aws import Finder, Running

GRACE_SECONDS = 15 * 60
"""After a run's end; a retry that comes sooner attaches to what still runs."""
TABLES_AFTER = dt.timedelta(days=2)
"""Longer than any run takes that still reads or writes its temporary tables."""
_LISTED = 20
RunState = Literal["in progress", "ended a short while ago", "ended", "not known here"]


@dataclass
class Swept:
    """What a look at an environment came to.

    stopped: names, each with its run. left: how many were left alone, by the reason. dropped:
    temporary tables. broken: whether some problem will not pass by itself.
    """

    stopped: list[str] = field(default_factory=list)
    dropped: int = 0
    left: Counter[RunState] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    broken: bool = False

    def summary(self) -> str:
        """Return the summary for an operator: names and counts."""
        parts = ["Nothing of ended runs was running on AWS."]
        if self.stopped:
            more = len(self.stopped) - _LISTED
            listed = ", ".join(self.stopped[:_LISTED]) + (f" and {more} more" if more > 0 else "")
            parts = [f"Stopped {len(self.stopped)} of ended runs: {listed}."]
        if self.left:
            counts = ", ".join(f"{n} of runs {why}" for why, n in sorted(self.left.items()))
            parts.append(f"Left alone: {counts}.")
        if self.dropped:
            parts.append(f"Dropped {self.dropped} temporary tables that killed runs left.")
        return " ".join([*parts, *self.problems])


def sweep(
    names: AwsNames, instance: dg.DagsterInstance, now: float, grace: float = GRACE_SECONDS
) -> Swept:
    """Stop what the environment runs for ended runs of this instance (times: seconds since 1970).

    One service that does not answer keeps none of the others from being looked at.
    """
    from resources.wiring.aws import EMR_CLUSTER
    from resources.wiring.running_on_aws import finders

    swept = Swept()
    for finder in finders(names, os.environ.get(EMR_CLUSTER)).values():
        _sweep(finder, instance, now - grace, swept)
    _drop_tables(names, dt.datetime.fromtimestamp(now, dt.UTC) - TABLES_AFTER, swept)
    return swept


def _drop_tables(names: AwsNames, older_than: dt.datetime, swept: Swept) -> None:
    from resources.account.errors import AwsError
    from resources.iceberg import candidate_tables
    from resources.iceberg.glue_lake import GlueLake
    from resources.protocols.lake_types import LakeError

    try:
        # Glue alone is asked: no file of the lake's mirror is used.
        swept.dropped = len(candidate_tables.sweep(GlueLake(names, Path()), older_than))
    except AwsError as error:
        _record_problem(error, swept)
    except LakeError as error:
        swept.problems.append(str(error))
        swept.broken = True


def _sweep(finder: Finder, instance: dg.DagsterInstance, before: float, swept: Swept) -> None:
    from resources.account.errors import AwsError

    try:
        for running in finder():
            # Asked for each, just before it is stopped: a retry may begin at any time.
            how = run_state(instance, running.run_id, before)
            if how == "ended":
                _stop(running, swept)
            else:
                swept.left[how] += 1
    except AwsError as error:
        _record_problem(error, swept)


def _stop(running: Running, swept: Swept) -> None:
    from resources.account.errors import AwsError

    try:
        if running.stop():
            swept.stopped.append(f"{running.name} (run {str(running.run_id)[:8]})")
    except AwsError as error:
        _record_problem(error, swept)


def _record_problem(error: AwsError, swept: Swept) -> None:
    swept.problems.append(str(error))
    swept.broken |= not error.transient


def run_state(instance: dg.DagsterInstance, run_id: str | None, before: float) -> RunState:
    """Return the state of a run and all its retries: ended if they ended before `since`."""
    if run_id is None:
        return "not known here"
    filters = dg.RunsFilter(run_ids=[run_id]), dg.RunsFilter(tags={ROOT_RUN_ID_TAG: run_id})
    chain = [record for found in filters for record in instance.get_run_records(found)]
    if not chain:
        return "not known here"
    if any(record.dagster_run.status not in FINISHED_STATUSES for record in chain):
        return "in progress"
    ends = [r.end_time or r.update_timestamp.timestamp() for r in chain]
    return "ended" if max(ends) < before else "ended a short while ago"
