"""New records of Dagster, copied: it makes their tables by every migration there has been."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from customer360_assets.runs.instance import instance_of
from resources.deployment.deployment import Deployment

_KEPT: list[tempfile.TemporaryDirectory[str]] = []


@cache
def _new() -> Path:
    """Return the folder of a home's record to which nothing has happened."""
    _KEPT.append(tempfile.TemporaryDirectory(prefix="record-"))
    deployment = Deployment(home=Path(_KEPT[-1].name))
    with instance_of(deployment):
        return deployment.dagster_home


def put_new_record(folder: Path) -> None:
    """Copy the databases of a new instance into a folder that has none."""
    for name in ("history", "schedules"):
        shutil.copytree(_new() / name, folder / name)
