"""`customer360 run`: take in, plan, materialize, and say what came of it."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from customer360_assets.cli.automation import automation_remark
from customer360_assets.cli.visible import visible, visible_lines
from resources.deployment.deployment import Deployment, DeploymentError, deployment
from resources.deployment.whereabouts import PlaceError

if TYPE_CHECKING:
    from customer360_assets.planning.outstanding import Batch
    from customer360_assets.runs.batches import BatchOutcome, TableOutcome
    from customer360_assets.runs.damage import Damage

PROFILE = "profile.customer_360"


def run_command(
    home: Path | None,
    landing: Path | None,
    feeds: str | None,
    business_date: dt.date,
    accept_loss: Sequence[str] = (),
    settle: float | None = None,
) -> int:
    """Run all that is outstanding; return 0 when the business date is published, else 1.

    accept_loss: tables that are published though they lack keys of the date before. settle: seconds
    for which a file must not have changed; the deployment's if not given.
    """
    from customer360_assets.feeds.loader import FeedError
    from resources.account.errors import AwsError
    from resources.deployment.card_token import CardKeyError

    console = Console(stderr=False, highlight=False)
    started = time.monotonic()
    try:
        target = deployment(home, landing=landing, feeds=feeds)
        if settle is not None:
            target = target.model_copy(update={"settle_seconds": settle})
        _refuse_unusable(target, business_date)
        _refuse_unknown(accept_loss)
    except (AwsError, DeploymentError, PlaceError, FeedError, CardKeyError) as error:
        console.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
        return 1
    target.save()
    try:
        with console.status("Starting") as status:
            session = _Session(target, business_date, status.update)
            outcomes = session.run(accept_loss)
    except (AwsError, DeploymentError) as error:
        console.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
        return 1
    _print(console, outcomes, time.monotonic() - started)
    warnings = [f"{t.table}: {w}" for o in outcomes for t in o.tables for w in t.warnings]
    left = [file for o in outcomes for t in o.tables for file in t.still_being_written]
    for line in (*warnings, *_left(left), *session.remarks()):
        console.print(visible(line), markup=False, soft_wrap=True)
    reasons = [f"{t.table}: {p}" for o in outcomes for t in o.tables for p in t.problems]
    if not reasons and not session.published():
        reasons = [session.why_not()]
    for reason in reasons:
        said = escape(visible_lines(reason))
        console.print(f"[red]Not published.[/red] {said}", soft_wrap=True)
    if reasons:
        return 1
    console.print(
        f"{PROFILE} of {business_date} is published"
        + (f": {session.published():,} clients." if outcomes else "; nothing was outstanding.")
    )
    if remark := automation_remark(session.instance, target):
        console.print(remark, markup=False)
    return 0


def _refuse_unusable(target: Deployment, business_date: dt.date) -> None:
    from customer360_assets.deliveries.parsing.key_record import recorded_key
    from customer360_assets.feeds.loader import load_feeds
    from resources.wiring.deployed import ledger_of

    if target.aws is None:
        _refuse_landing(target)
    if business_date < target.first_business_date:
        raise DeploymentError(
            f"{business_date} is before the first business date {target.first_business_date}: "
            "set CUSTOMER360_FIRST_BUSINESS_DATE to an earlier one."
        )
    # In UTC, as the partitions are. A closed history has an end of its own.
    if target.last_business_date is None and business_date > dt.datetime.now(dt.UTC).date():
        raise DeploymentError(
            f"{business_date} has not come yet (UTC): its profiles would be served instead of "
            "those of every date until then. Give a --business-date up to today."
        )
    if target.last_business_date and business_date > target.last_business_date:
        raise DeploymentError(
            f"The history of {target.home} is closed and ends on {target.last_business_date}."
        )
    feeds = load_feeds(target.feeds).values()
    if any(spec.tokenizes for spec in feeds):
        recorded_key(target, ledger_of(target), feeds)


def _refuse_unknown(accept_loss: Sequence[str]) -> None:
    from customer360_assets.publishing.completeness import unknown_tables

    if odd := unknown_tables(accept_loss):
        raise DeploymentError(odd)


def _refuse_landing(target: Deployment) -> None:
    if target.landing is None:
        raise DeploymentError("No landing folder: give --landing DIR or set CUSTOMER360_LANDING.")
    if not target.landing.is_dir():
        raise DeploymentError(f"The landing folder {target.landing} does not exist.")


class _Session:
    """One run of the command: its definitions, instance and platform."""

    def __init__(self, target: Deployment, date: dt.date, report: Callable[[str], None]) -> None:
        from customer360_assets.deliveries.log import DeliveryLog
        from customer360_assets.deliveries.parsing.left_overs import clear_left_overs
        from customer360_assets.publishing.platform import Platform
        from customer360_assets.runs.instance import close_abandoned_runs, instance_of, is_of_home
        from resources.embedded.spill import sweep
        from resources.wiring.deployed import services_of

        logging.getLogger("dagster").setLevel(logging.CRITICAL)
        self.date, self.on_aws = date, target.aws is not None
        self.held_by_table: Mapping[str, Collection[dt.date]] = {}
        self.damage: Damage | None = None
        self.instance = instance_of(target)
        own = is_of_home(self.instance, target)
        if not own and self.instance.run_monitoring_enabled:
            raise DeploymentError(
                "The daemon of this DAGSTER_HOME ends runs that it has not started itself: "
                f"materialize {PROFILE} in the UI. Without DAGSTER_HOME the command keeps a record "
                "of its own, and makes everything that this record does not know."
            )
        self._report = report
        self._load(target.reaching(date))
        self.platform = Platform(**services_of(target))
        platform = self.platform
        self.log = DeliveryLog.of(target, platform.landing, platform.archive, platform.ledger)
        if own:
            close_abandoned_runs(self.instance)
            clear_left_overs(target.lake_dir)
            sweep(target.scratch_dir)

    def _load(self, target: Deployment) -> None:
        from customer360_assets.assembly import definitions_of
        from customer360_assets.runs.batches import progress_logger

        steps = progress_logger(lambda table, what: self._report(f"{table}: {what}"))
        self.target, self.definitions = target, definitions_of(target, loggers={"console": steps})

    def _reach(self, batches: Sequence[Batch]) -> None:
        """Create partitions for every batch: an intake may have found an earlier delivery."""
        first = min((batch.span.first for batch in batches), default=self.date)
        if first < self.target.first_partition:
            self.target.record_deliveries([first])
            self._load(self.target.reaching(first))

    def run(self, accept_loss: Sequence[str]) -> list[BatchOutcome]:
        from customer360_assets.planning.outstanding import Batch, plan
        from customer360_assets.publishing.checks.kept_keys import TAG
        from customer360_assets.runs.batches import INTAKE, run_batch
        from customer360_assets.runs.damage import Damage
        from customer360_assets.tables.partitions import LONGEST, Span

        outcomes = []
        if not self.on_aws:
            self.damage = Damage.of(self.platform, self.target.lake_dir)
        complete_before = dt.date.max
        tags = {TAG: ",".join(accept_loss)} if accept_loss else {}
        if self.log.pending(self._published_manifest()):
            intake = Batch(Span(self.date, self.date), (INTAKE,))
            outcomes.append(run_batch(self.definitions, self.instance, intake, tags))
            if not outcomes[-1].success:
                complete_before = self.log.complete_before()
        longest = LONGEST if self.on_aws else None
        lost = self.damage.lost if self.damage else lambda _table, _events: ()
        found = plan(self.instance, self.log.versions(), self.date, longest, lost)
        self.held_by_table = found.held_by_table
        self._reach(found.batches)
        for batch in found.batches:
            # Nothing is derived from half of what arrived; one date that fails stops no other.
            made = batch if batch.span.last < complete_before else _taking_in(batch)
            if made.tables:
                outcomes.append(run_batch(self.definitions, self.instance, made, tags))
                if not batch.derives and not outcomes[-1].success:
                    complete_before = min(complete_before, batch.span.first)
        return outcomes

    def _published_manifest(self) -> list[dict[str, Any]]:
        from customer360_assets.contracts import contract
        from customer360_assets.publishing.reading import as_of_files
        from customer360_assets.runs.batches import INTAKE
        from resources.protocols.lake_types import DamagedFileError

        try:
            files = as_of_files(self.platform, contract(INTAKE), self.date)
        except DamagedFileError:
            files = []
        if not files:
            return []
        order = "ORDER BY feed, delivery_seq"
        found = self.platform.sql.query(f"SELECT * FROM {INTAKE} {order}", inputs={INTAKE: files})
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows

    def published(self) -> int:
        """Return the number of clients in the date's profile."""
        from resources.protocols.lake import MissingTableError

        try:
            return self.platform.lake.dates(PROFILE, self.date, self.date).get(self.date, 0)
        except MissingTableError:
            return 0

    def why_not(self) -> str:
        from customer360_assets.publishing.checks.kept_keys import no_customer

        if self.date in self.held_by_table.get(PROFILE, ()):
            return f"{PROFILE} of {self.date} is held since it was rolled back."
        return no_customer(self.date)

    def remarks(self) -> list[str]:
        """Name what an operator should know: missing feeds, refused files, a newer date served."""
        from customer360_assets.planning.holds import sentence

        lines = [*(self.damage.lines if self.damage else ()), *self.log.remarks(self.date)]
        if self.held_by_table:
            lines.append(sentence(self.held_by_table))
        served = self.platform.store.current()
        if served and served.business_date > self.date:
            lines.append(
                f"The profile store serves {served.business_date} and keeps it: an older date "
                "never replaces a newer one."
            )
        return lines


def _left(files: list[str]) -> list[str]:
    return [f"{file}: is still being written; left for the next run." for file in files]


def _taking_in(batch: Batch) -> Batch:
    """Return the part of a batch that only takes in what has arrived."""
    taken = tuple(t for t in batch.tables if t.startswith(("raw.", "stage.")))
    return replace(batch, tables=taken)


def _print(console: Console, outcomes: list[BatchOutcome], seconds: float) -> None:
    if not outcomes:
        return
    tables: dict[str, TableOutcome] = {}
    for outcome in outcomes:
        for table in outcome.tables:
            known = tables.setdefault(table.table, table)
            if known is not table:
                known.rows += table.rows
                known.quarantined += table.quarantined
                known.seconds += table.seconds
                known.problems += table.problems
    shown = Table(title=None, box=None, pad_edge=False)
    shown.add_column("asset")
    for name in ("rows", "quarantined", "seconds"):
        shown.add_column(name, justify="right")
    for t in tables.values():
        mark = "[red]" if t.problems else ""
        shown.add_row(f"{mark}{t.table}", f"{t.rows:,}", f"{t.quarantined:,}", f"{t.seconds:.1f}")
    console.print(shown)
    console.print(f"{len(outcomes)} runs, {seconds:.1f} s.")
