"""Other SQL than the project's, for the time of a run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from customer360_assets.tables import lineage, transformations

ROOT = Path(__file__).resolve().parents[2]


def _forget() -> None:
    for cached in (
        transformations.transformation,
        lineage.column_sources,
        lineage.lineage_metadata,
    ):
        cached.cache_clear()


@contextmanager
def other_sql(folder: Path, file: str, was: str, now: str) -> Iterator[None]:
    """Replace `was` by `now` in one file of `sql`."""
    shutil.copytree(ROOT / "sql", folder, dirs_exist_ok=True)
    text = (folder / file).read_text("utf-8")
    assert text.count(was) == 1, f"{file} does not say {was!r} once"
    (folder / file).write_text(text.replace(was, now), "utf-8")
    project = transformations.code_folder
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            transformations,
            "code_folder",
            lambda name: folder if name == "sql" else project(name),
        )
        _forget()
        try:
            yield
        finally:
            _forget()
