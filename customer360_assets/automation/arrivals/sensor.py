"""One sensor per feed: a file that has come to rest in the landing zone is taken in.

A sensor asks for the intake alone. What the delivery calls for, from its raw table to the profile,
the automation conditions then find outstanding, as `customer360 run` does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import dagster as dg

from customer360_assets.automation.arrivals.cursor import Arrivals, Outcome, Rules
from customer360_assets.automation.arrivals.notifications import (
    Notice,
    Notifications,
    notifications,
)
from customer360_assets.automation.arrivals.watch import Watch
from customer360_assets.automation.priority import DAILY
from customer360_assets.deliveries.intake.take_in import taken_states
from customer360_assets.feeds.spec import FeedSpec
from customer360_assets.tables.specs import asset_key
from resources import clock
from resources.dagster_internals import (
    AUTO_RETRY_RUN_ID_TAG,
    FINISHED_STATUSES,
    PRIORITY_TAG,
    RUN_KEY_TAG,
    WILL_RETRY_TAG,
)
from resources.deployment.deployment import Deployment

INTAKE = "raw.delivery"
INTAKE_JOB = "take_in_deliveries"
FEED_TAG = "customer360/feed"
EVERY_SECONDS = 30
ALARM_AFTER = 5
"""Listings that may fail in a row before the tick itself does."""
NOTIFIED_SWEEP = 900
"""Seconds between two listings of everything, while the queue says what is new."""


def intake_job() -> dg.UnresolvedAssetJobDefinition:
    """Return the job that the sensors request."""
    return dg.define_asset_job(
        INTAKE_JOB,
        selection=dg.AssetSelection.assets(asset_key(INTAKE)),
        description=(
            "Takes files of the landing zone into the archive and the manifest. Its partition is "
            "the day it runs on. Files that state no business date get the date of their arrival: "
            "the partition, or the day of the run if an older one is asked for."
        ),
    )


def arrival_sensors(
    deployment: Deployment,
    feeds: Mapping[str, FeedSpec],
    job: dg.UnresolvedAssetJobDefinition,
) -> list[dg.SensorDefinition]:
    """Return the sensor of each feed; off by default."""
    return [_sensor(deployment, spec, job) for _, spec in sorted(feeds.items())]


def _sensor(
    deployment: Deployment, spec: FeedSpec, job: dg.UnresolvedAssetJobDefinition
) -> dg.SensorDefinition:
    where = f"{spec.folder}/{spec.pattern}" if spec.folder else spec.pattern

    @dg.sensor(
        name=f"new_files_{spec.feed}",
        job=job,
        minimum_interval_seconds=EVERY_SECONDS,
        required_resource_keys={"landing", "ledger"},
        tags={"feed": spec.feed},
        description=(
            f"Takes in new and corrected files of {spec.system}: {where} in the landing zone. "
            "A file is complete when it has not changed for a while. A file whose run "
            "failed is asked for again, after a minute and then ever more rarely. Resetting the "
            "cursor loses nothing: what was taken in is known to the ledger."
        ),
    )
    def new_files(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        arrivals = Arrivals.from_cursor(context.cursor)
        rules = rules_of(deployment)
        arrivals.conclude(outcome_of(context.instance, arrivals.run), clock.now(), rules)
        queue = _queue(deployment)
        noticed = _notices(context, queue, arrivals, spec) if queue else None
        watch = Watch(
            arrivals,
            spec,
            context.resources.landing,
            taken_states(context.resources.ledger, spec.feed),
            clock.now,
            rules.every(NOTIFIED_SWEEP) if noticed is not None else rules,
        )
        today = dt.datetime.now(dt.UTC).date()
        ripe = watch.look(today, [key for notice in noticed or () for key in notice.keys])
        if watch.problem is None:
            arrivals.handled = [notice.receipt for notice in noticed or ()]
        requests = [_request(arrivals, spec.feed, ripe, today)] if ripe else []
        if watch.problem and not requests and arrivals.failures >= ALARM_AFTER:
            raise RuntimeError(
                f"The landing zone could not be listed for {spec.feed} in {ALARM_AFTER} or more "
                f"ticks: {watch.problem}"
            )
        return dg.SensorResult(
            run_requests=requests or None,
            skip_reason=None if requests else _skip_reason(arrivals, watch.problem),
            cursor=arrivals.to_cursor(),
        )

    return new_files


def rules_of(deployment: Deployment) -> Rules:
    """Return how a deployment's files are watched; an object of S3 is there when it is whole."""
    return Rules(settle=deployment.settle_seconds if deployment.aws is None else 0)


def outcome_of(instance: dg.DagsterInstance, run_key: str) -> Outcome:
    """Return the outcome of the newest run of a run key, automatic retries included."""
    if not run_key:
        return "done"
    found: Sequence[dg.DagsterRun] = instance.get_runs(
        dg.RunsFilter(tags={RUN_KEY_TAG: run_key}), limit=1
    )
    run = found[0] if found else None
    while run and (retry := run.tags.get(AUTO_RETRY_RUN_ID_TAG)):
        run = instance.get_run_by_id(retry)
    if run is None:
        return "failed"
    if run.status == dg.DagsterRunStatus.SUCCESS:
        return "done"
    to_be_retried = run.tags.get(WILL_RETRY_TAG) == "true"
    return "failed" if run.status in FINISHED_STATUSES and not to_be_retried else "under way"


def _request(arrivals: Arrivals, feed: str, ripe: list[str], today: dt.date) -> dg.RunRequest:
    run_key, files = arrivals.ask(feed, ripe)
    config = {"config": {"feed": feed, "files": files}}
    return dg.RunRequest(
        run_key=run_key,
        run_config={"ops": {INTAKE.replace(".", "__"): config}},
        partition_key=today.isoformat(),
        tags={FEED_TAG: feed, PRIORITY_TAG: DAILY},
    )


def _skip_reason(arrivals: Arrivals, problem: str | None) -> str:
    """Return a sentence that says why no run is requested."""
    if problem:
        return f"The landing zone could not be listed; the next tick goes on from there: {problem}"
    if arrivals.run:
        return f"Waits for the run with run key {arrivals.run}."
    failed = sum(file.attempt > 0 for file in arrivals.files.values())
    if failed:
        return f"{failed} files of failed runs wait for their next request."
    if arrivals.files:
        return f"{len(arrivals.files)} files are new or changed, and must stop changing first."
    return "Nothing new."


def _queue(deployment: Deployment) -> Notifications | None:
    names = deployment.aws
    return notifications(names.region, names.landing_queue, names.landing) if names else None


def _notices(
    context: dg.SensorEvaluationContext,
    queue: Notifications,
    arrivals: Arrivals,
    spec: FeedSpec,
) -> list[Notice] | None:
    """Return the queue's notices of a feed; None if it cannot be read: then all is listed.

    Messages of the tick before are deleted only now: its cursor has been stored.
    """
    handled, arrivals.handled = arrivals.handled, []
    try:
        queue.done(handled)
        return queue.of_feed(spec.feed, spec.folder)
    except Exception as error:
        context.log.warning(
            f"{queue.queue} could not be read, the landing zone is listed instead: {error}"
        )
        return None
