"""A home of an earlier release, migrated to the layout of this one, step by step.

What a step finds done it leaves alone, and the number of the layout is written last: an upgrade
that is killed is repeated. Nothing is deleted. Tables keep their rows: the next run makes again
what this release makes differently, since it is of another version.

Of an environment on AWS the ledger alone is migrated: see upgrade_aws.py.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

from customer360_assets.publishing.lake_tables import ensure_all
from customer360_assets.publishing.platform import Platform
from customer360_assets.runs.backup import restore
from customer360_assets.runs.dagster_settings import with_shipped
from customer360_assets.runs.instance import instance_of
from customer360_assets.runs.upgrade_ledger import fill_ledger
from resources.deployment.deployment import Deployment, deployment
from resources.deployment.whereabouts import (
    LAYOUT,
    layout_of,
    record_layout,
    refuse_newer,
)
from resources.embedded.opened import open_lake
from resources.embedded.sqlite_ledger import SqliteLedger
from resources.wiring.deployed import services_of

OTHERS = 0o007
GROUP_AND_OTHERS = 0o077


def upgrade_home(home: Path) -> Iterator[str]:
    """Migrate a home; yield a line for each step that was taken, none if there is none to take.

    Raises PlaceError for a home of a newer release, and for one that was copied in part.
    """
    refuse_newer(home)
    if layout_of(home) == LAYOUT:
        return
    if made := restore(home):
        yield f"Place: the home was made at {made}; its tables name the files here."
    target = deployment(home, older=True)
    for step in STEPS:
        yield step(target)
    record_layout(home)


def close_to_others(target: Deployment) -> str:
    """Close every file that any user may read; a group that the owner has let in stays in.

    The landing folder is left alone: whoever delivers may have to write there.
    """
    landing, closed = target.landing, 0
    for path in (target.home, *sorted(target.home.rglob("*"))):
        if path.is_symlink() or (landing and path.is_relative_to(landing)):
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & OTHERS:
            path.chmod(mode & ~GROUP_AND_OTHERS)
            closed += 1
    return f"Permissions: {closed:,} files and folders closed to other users."


def make_ledger(target: Deployment) -> str:
    """Copy what is known of the deliveries from files of JSON, which stay, into the ledger."""
    ledger = SqliteLedger(target.ledger_path)
    receipts, results = fill_ledger(ledger, target.archive_dir, target.lake_dir)
    return f"Ledger: {receipts:,} receipts and {results:,} results of parsing copied into it."


def add_settings(target: Deployment) -> str:
    """Add to the home's dagster.yaml the entries that this release ships and that it lacks."""
    path = target.dagster_home / "dagster.yaml"
    if not path.is_file():
        return "Dagster's settings: there are none; the next run makes them."
    text, added = with_shipped(path.read_text(encoding="utf-8"))
    if not added:
        return f"Dagster's settings: {path} has every entry."
    draft = path.with_name(f".{path.name}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
    return f"Dagster's settings: added {', '.join(added)} to {path}."


def migrate_record(target: Deployment) -> str:
    """Bring the databases of Dagster's record to the schema of the installed release."""
    if not (target.dagster_home / "history").is_dir():
        return "Dagster's record: there is none; the next run makes it."
    with instance_of(target) as instance:
        storages = (instance.run_storage, instance.event_log_storage, instance.schedule_storage)
        revisions = [storage.alembic_version() for storage in storages if storage is not None]
        if all(found is None or found[0] == found[1] for found in revisions):
            return "Dagster's record: in the schema of the installed Dagster."
        # It shows the progress of its migrations on both.
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            instance.upgrade()
    return "Dagster's record: migrated to the schema of the installed Dagster."


def follow_contracts(target: Deployment) -> str:
    """Create and evolve every table to its contract: new columns are null in older rows."""
    platform, lake = Platform(**services_of(target)), open_lake(target)
    before = {table: lake.load(table).metadata_location for table in lake.tables()}
    ensure_all(platform)
    after = {table: lake.load(table).metadata_location for table in lake.tables()}
    changed = sum(before.get(table) != location for table, location in after.items())
    return f"Tables: {changed:,} of {len(after):,} follow their contracts of this release now."


def record_checksums(target: Deployment) -> str:
    """Record the SHA-256 of every published file: from now on it is checked before it is read."""
    lake = open_lake(target)
    count = sum(lake.record_published(table) for table in lake.tables())
    return f"Checksums: {count:,} published files recorded."


STEPS: tuple[Callable[[Deployment], str], ...] = (
    close_to_others,
    make_ledger,
    add_settings,
    migrate_record,
    follow_contracts,
    record_checksums,
)
