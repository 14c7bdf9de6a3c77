"""Tables name their files as other Iceberg engines read them, and those of an earlier release."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyiceberg.table import Table

from resources.iceberg import local_lake
from resources.iceberg.addresses import path_of
from resources.iceberg.files import entries_of
from resources.iceberg.local_lake import LocalLake
from resources.iceberg.relocate import CATALOG, Move, missing_files, relocate
from resources.protocols.lake import Partitions
from tests.lake.lake_writers import DAY, SCHEMA, TABLE, Candidate
from tests.lake.test_lake_sweep import LIMIT, age


def _named(table: Table) -> Iterator[str]:
    """Yield every name of a file or folder in the table's present state."""
    snapshot = table.current_snapshot()
    assert snapshot is not None
    manifests = snapshot.manifests(table.io)
    yield from (table.location(), table.metadata_location, snapshot.manifest_list)
    yield from (manifest.manifest_path for manifest in manifests)
    for entries in entries_of(table, manifests).values():
        yield from (entry.data_file.file_path for entry in entries)


def test_every_name_has_a_scheme_and_the_path_as_it_is(lake, candidate):
    (file,) = candidate([0])
    lake.publish(TABLE, [file], Partitions.on(DAY(0)), {})
    names = list(_named(lake.load(TABLE)))
    assert names[-1] == f"file://{file}"
    for name in names:
        assert name.startswith("file:///"), name
        assert Path(name.removeprefix("file://")).exists(), name
    assert lake.files(TABLE) == [file]


def test_a_table_of_an_earlier_release_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    home = tmp_path / "a home #1"
    lake = LocalLake(f"sqlite:///{home}/catalog.db?timeout=60", home / "lake")
    candidate = Candidate(lake)
    with monkeypatch.context() as earlier:
        earlier.setattr(local_lake, "address_of", str)
        lake.ensure(TABLE, SCHEMA, ("business_date",))
        files = [candidate([day])[0] for day in (0, 1)]
        for day, file in enumerate(files):
            lake.publish(TABLE, [file], Partitions.on(DAY(day)), {})
    assert all(not name.startswith("file:") for name in _named(lake.load(TABLE)))
    (corrected,) = candidate([1], generation=1)
    lake.publish(TABLE, [corrected], Partitions.on(DAY(1)), {})
    age(*files, corrected)
    assert lake.files(TABLE) == [files[0], corrected]
    assert lake.damaged() == []
    assert lake.remove_orphans(TABLE, LIMIT) == []
    lake.expire(TABLE, 1)
    age(*files, corrected)
    assert lake.remove_orphans(TABLE, LIMIT) == [files[1]]


@pytest.mark.parametrize("earlier", [False, True])
def test_a_moved_table_names_its_files_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, earlier: bool
):
    old, new = tmp_path / "old", tmp_path / "new"
    lake = LocalLake(f"sqlite:///{old / CATALOG}?timeout=60", old)
    if earlier:
        monkeypatch.setattr(local_lake, "address_of", str)
    lake.ensure(TABLE, SCHEMA, ("business_date",))
    (file,) = Candidate(lake)([0])
    lake.publish(TABLE, [file], Partitions.on(DAY(0)), {})
    old.rename(new)
    move = Move(old, new)
    relocate(new, move)
    assert list(missing_files(new, move)) == []
    moved = LocalLake(f"sqlite:///{new / CATALOG}?timeout=60", new)
    scheme = "" if earlier else "file://"
    assert all(name.startswith(f"{scheme}{new}/") for name in _named(moved.load(TABLE)))
    assert moved.files(TABLE) == [str(new / Path(file).relative_to(old))]


def test_a_table_that_can_be_read_is_not_forgotten(lake, candidate):
    (file,) = candidate([0])
    lake.publish(TABLE, [file], Partitions.on(DAY(0)), {})
    lake.forget(TABLE)
    assert lake.files(TABLE) == [file]
    Path(path_of(lake.load(TABLE).metadata_location)).unlink()
    assert list(lake.unreadable()) == [TABLE]
    lake.forget(TABLE)
    assert lake.tables() == []
    assert Path(file).exists()
