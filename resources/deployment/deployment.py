"""The one place that derives names: where a deployment keeps what it reads and writes."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from resources.account.aws_names import AwsNames
from resources.deployment.whereabouts import (
    SETTINGS_FILE,
    is_home,
    record_place,
    refuse_elsewhere,
    refuse_newer,
    refuse_older,
    refuse_unusable,
)
from resources.files.private import make_private
from resources.protocols.errors import ExplainedError

LOCAL = "local"
DEFAULT_HOME = Path("~/.customer360")
EARLIEST = dt.date(1993, 1, 1)
"""No delivery of an earlier date is believed where no first business date is stated."""


class DeploymentError(ExplainedError, ValueError):
    """The environment variables do not describe a deployment; the message says what to set."""


class Deployment(BaseModel):
    """Everything of one deployment, derived from its settings. Frozen: nothing is set later.

    landing: the folder that deliveries arrive in; feeds: a built-in set's name or a folder of
    specifications; first_business_date: what is dated before it is refused; last_business_date:
    where the daily partitions of a closed history end, None when days go on arriving;
    first_delivery: the earliest date that a local home has taken in; settle_seconds: how long a
    file must not have changed before an intake takes it; aws: the names of an environment in an AWS
    account, None for a local deployment. On AWS the home is a worker's own folder: it may be lost,
    and holds a mirror of the lake's files that this worker has made.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path
    landing: Path | None = None
    feeds: str = "workshop"
    first_business_date: dt.date = EARLIEST
    last_business_date: dt.date | None = None
    first_delivery: dt.date | None = None
    settle_seconds: float = Field(default=10, ge=0, allow_inf_nan=False)
    aws: AwsNames | None = None

    @property
    def name(self) -> str:
        """The deployment's name: local, or the AWS environment."""
        return self.aws.base if self.aws else LOCAL

    @property
    def first_partition(self) -> dt.date:
        """Return the start of the daily partitions: a stated first date, else the first delivery.

        On AWS no home is shared by all workers, so that the setting alone decides.
        """
        if self.aws or self.first_delivery is None or self.first_business_date != EARLIEST:
            return self.first_business_date
        return self.first_delivery

    def reaching(self, date: dt.date) -> Deployment:
        """Return the deployment with partitions from a date on, if they start later."""
        later = self.first_partition > date
        return self.model_copy(update={"first_delivery": date}) if later else self

    @cached_property
    def archive_dir(self) -> Path:
        """Delivered bytes by SHA-256, and the ledger of deliveries."""
        return self.home / "archive"

    @cached_property
    def ledger_path(self) -> Path:
        """Receipts, results and file states of deliveries."""
        return self.archive_dir / "ledger.db"

    @cached_property
    def lake_dir(self) -> Path:
        """Warehouse of the Iceberg tables."""
        return self.home / "lake"

    @cached_property
    def catalog_uri(self) -> str:
        """SQLAlchemy address of the Iceberg catalog; a writer waits up to 60 s for another."""
        return f"sqlite:///{self.lake_dir / 'catalog.db'}?timeout=60"

    @cached_property
    def scratch_dir(self) -> Path:
        """Spill space of the engines; may be deleted when nothing runs."""
        return self.home / "scratch"

    @cached_property
    def store_path(self) -> Path:
        """The profile store."""
        return self.home / "serving" / "customer_profile.db"

    @cached_property
    def key_path(self) -> Path:
        """The generated key of the card tokens, unless CUSTOMER360_CARD_KEY gives one."""
        return self.home / "keys" / "card_token.key"

    @cached_property
    def dagster_home(self) -> Path:
        """Dagster's own storage: runs, events, schedules."""
        return self.home / "dagster"

    def save(self) -> None:
        """Keep the settings in the home, so that a later command or the UI needs only the home."""
        own = self.model_dump(
            mode="json", exclude={"home", "aws", "settle_seconds", "first_delivery"}
        )
        with settings_lock(self.home):
            record_place(self.home)
            kept = _remembered(self.home)
            _write(self.home, own | {k: kept[k] for k in ("first_delivery",) if k in kept})

    def record_deliveries(self, dates: Iterable[dt.date]) -> None:
        """Keep the earliest date in the home if it is before those taken in so far."""
        first = min(dates, default=None)
        known = self.first_delivery
        if first is None or self.aws or (known is not None and known <= first):
            return
        with settings_lock(self.home):
            kept = _remembered(self.home)
            if first.isoformat() < str(kept.get("first_delivery") or dt.date.max):
                _write(self.home, kept | {"first_delivery": first.isoformat()})


@contextmanager
def settings_lock(home: Path) -> Iterator[None]:
    """Hold the lock by which one process at a time reads and writes the settings of a home."""
    make_private(home)
    folder = os.open(home, os.O_RDONLY)
    try:
        # A network folder may know no locks: the next intake records the date again.
        with suppress(OSError):
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def change_settings(home: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Change the settings stored in a home by a function."""
    with settings_lock(home):
        if kept := _remembered(home):
            _write(home, change(kept))


def _write(home: Path, settings: dict[str, Any]) -> None:
    path, text = home / SETTINGS_FILE, json.dumps(settings, indent=2)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)


def deployment(
    home: Path | None = None,
    *,
    landing: Path | None = None,
    feeds: str | None = None,
    older: bool = False,
) -> Deployment:
    """Return the deployment by arguments, then environment variables, then the home's settings.

    The variables are CUSTOMER360_DEPLOYMENT ("local", or an environment's address),
    CUSTOMER360_HOME, CUSTOMER360_LANDING, CUSTOMER360_FEEDS, CUSTOMER360_FIRST_BUSINESS_DATE and
    CUSTOMER360_SETTLE_SECONDS, which the home does not remember. older: accept a home of an earlier
    release. Raises DeploymentError naming the setting that is wrong.
    """
    root = home_folder(home)
    settings = _remembered(root)
    given = {
        "landing": landing or os.environ.get("CUSTOMER360_LANDING"),
        "feeds": feeds or os.environ.get("CUSTOMER360_FEEDS"),
        "first_business_date": os.environ.get("CUSTOMER360_FIRST_BUSINESS_DATE"),
        "settle_seconds": os.environ.get("CUSTOMER360_SETTLE_SECONDS"),
    }
    settings.update({k: v for k, v in given.items() if v})
    if settings.get("landing"):
        settings["landing"] = _folder(str(settings["landing"]))
    if settings.get("feeds") and (folder := _folder(str(settings["feeds"]))).is_dir():
        settings["feeds"] = str(folder)
    try:
        found = Deployment(home=root, aws=environment(), **settings)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        message = str(first["msg"]).removeprefix("Value error, ")
        source = f"CUSTOMER360_{name.upper()}" if given.get(name) else str(root / SETTINGS_FILE)
        raise DeploymentError(f"The setting {name} of {source} is wrong: {message}.") from None
    if found.aws is None:
        refuse_unusable(root, found.landing)
        refuse_newer(root)
        if not older:
            refuse_older(root)
        refuse_elsewhere(root)
    return found


def deployment_of_home(home: Path | None = None, *, older: bool = False) -> Deployment:
    """Return the deployment of a home that exists; DeploymentError for any other folder.

    On AWS the home is a worker's own folder and may be new. older: see `deployment`.
    """
    found = deployment(home, older=older)
    if found.aws is None:
        refuse_no_home(found.home)
    return found


def refuse_no_home(home: Path) -> None:
    """Raise DeploymentError if nothing was built in a folder."""
    _refuse_no_folder(home)
    if not is_home(home):
        raise DeploymentError(
            f"{home} is not a home: nothing was built there. Give the --home of an earlier "
            "run, or make one with customer360 run or demo."
        )


def home_folder(home: Path | None = None) -> Path:
    """Return the folder that is the home: the argument's, then the variable's."""
    return _folder(home or os.environ.get("CUSTOMER360_HOME") or DEFAULT_HOME)


def _folder(path: str | Path) -> Path:
    try:
        return Path(path).expanduser().resolve()
    except (RuntimeError, OSError) as error:
        raise DeploymentError(f"{path} is not a usable path: {error}") from None


def _refuse_no_folder(home: Path) -> None:
    if home.exists() and not home.is_dir():
        raise DeploymentError(f"The home {home} is not a folder.")


def _remembered(root: Path) -> dict[str, Any]:
    """Return the settings that the home's file keeps; none without a file."""
    path = root / SETTINGS_FILE
    _refuse_no_folder(root)
    if not path.exists():
        return {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        kept = None
    if not isinstance(kept, dict):
        raise DeploymentError(
            f"{path} is damaged: it is not a JSON object. Restore it, or delete it and give "
            "customer360 run its --landing and --feeds again."
        )
    return kept


def environment() -> AwsNames | None:
    """Return the names of the environment on AWS that is configured; None for a local home."""
    address = os.environ.get("CUSTOMER360_DEPLOYMENT", LOCAL)
    if address == LOCAL:
        return None
    try:
        return AwsNames.parse(address)
    except ValueError as error:
        raise DeploymentError(f"CUSTOMER360_DEPLOYMENT is {LOCAL!r}, else {error}") from None
