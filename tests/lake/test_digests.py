"""A published file is read as it was published, or not at all."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources.iceberg.local_lake import LocalLake
from resources.protocols.lake import DamagedFileError, Partitions
from tests.lake.lake_writers import DAY, TABLE, Candidate


@pytest.fixture
def file(lake: LocalLake, candidate: Candidate) -> Path:
    """The published file of day 0."""
    (path,) = candidate([0], 50)
    lake.publish(TABLE, [path], Partitions.on(DAY(0)), {})
    return Path(path)


def test_every_flipped_bit_is_found(lake: LocalLake, file: Path) -> None:
    sound = file.read_bytes()
    for n in range(40):
        damaged = bytearray(sound)
        damaged[n * len(sound) // 40] ^= 1 << n % 8
        file.write_bytes(damaged)
        with pytest.raises(DamagedFileError, match="is damaged"):
            lake.files(TABLE)
        with pytest.raises(DamagedFileError):
            next(lake.batches(TABLE))
    file.write_bytes(sound)
    assert lake.files(TABLE) == [str(file)]


def test_what_a_reader_found_stays_outstanding(lake: LocalLake, file: Path) -> None:
    assert list(lake.damaged()) == []
    content = bytearray(file.read_bytes())
    content[9] ^= 1
    file.write_bytes(content)
    with pytest.raises(DamagedFileError):
        lake.files(TABLE)
    (found,) = LocalLake(lake.catalog_uri, lake.warehouse_dir).damaged()
    assert (found.table, found.date, found.file) == (TABLE, DAY(0), str(file))
    assert str(found) == f"{TABLE} {DAY(0)}: the published file {file} is damaged"


@pytest.mark.parametrize("broken", ["missing", "shorter"])
def test_a_look_is_enough_for_a_missing_or_shorter_file(
    lake: LocalLake, file: Path, broken: str
) -> None:
    if broken == "missing":
        file.unlink()
    else:
        os.truncate(file, file.stat().st_size - 1)
    (found,) = lake.damaged()
    assert found.problem == {"missing": "is missing", "shorter": "is damaged"}[broken]


def test_another_file_takes_its_place(lake: LocalLake, candidate: Candidate, file: Path) -> None:
    file.unlink()
    (other,) = candidate([0], 7)
    lake.publish(TABLE, [other], Partitions.on(DAY(0)), {})
    assert list(lake.damaged()) == []
    assert lake.files(TABLE) == [other]


def test_a_file_written_anew_under_its_name_is_published_again(
    lake: LocalLake, candidate: Candidate, file: Path
) -> None:
    (other,) = candidate([0], 7)
    Path(other).replace(file)
    with pytest.raises(DamagedFileError, match="is damaged"):
        lake.publish(TABLE, [str(file)], Partitions.on(DAY(0)), {})
    lake.renew([str(file)])
    lake.publish(TABLE, [str(file)], Partitions.on(DAY(0)), {})
    assert list(lake.damaged()) == []
    assert lake.dates(TABLE) == {DAY(0): 7}
    assert lake.files(TABLE) == [str(file)]


def test_a_moved_lake_knows_its_files(lake: LocalLake, file: Path) -> None:
    """Files are recorded by their place in the lake."""
    from contextlib import closing
    from sqlite3 import connect

    database = lake.warehouse_dir.parent / "catalog.db"
    with closing(connect(database)) as opened:
        ((name,),) = opened.execute("SELECT file FROM file_digest").fetchall()
    assert lake.warehouse_dir / name == file


def test_files_that_are_swept_are_forgotten(
    lake: LocalLake, candidate: Candidate, file: Path
) -> None:
    lake.publish(TABLE, [*candidate([0], 7)], Partitions.on(DAY(0)), {})
    lake.expire(TABLE, 1)
    removed = lake.remove_orphans(TABLE, datetime(2100, 1, 1, tzinfo=UTC))
    assert str(file) in removed
    assert str(file) not in lake._digests._known([str(file)])
