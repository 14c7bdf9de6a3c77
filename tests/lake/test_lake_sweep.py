"""What is forgotten and deleted, and what never is."""

import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from resources.iceberg.candidate import describe
from resources.iceberg.catalog import load
from resources.iceberg.commit import commit
from resources.iceberg.sweep import locked
from resources.protocols.lake import LakeError, Partitions
from tests.lake.lake_writers import DAY, TABLE
from tests.patience import PATIENCE

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LIMIT = LONG_AGO + timedelta(days=1)


def age(*paths: str) -> None:
    """Make the files, and the folders that they are in, look old."""
    for path in paths:
        for one in (path, Path(path).parent):
            os.utime(one, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))


def test_only_old_files_that_no_snapshot_shows_are_deleted(lake, candidate):
    replaced, current, killed, running = (candidate([0], generation=n)[0] for n in range(4))
    for file in (replaced, current):
        lake.publish(TABLE, [file], Partitions.on(DAY(0)), {})
    empty = lake.empty_file(TABLE)
    age(replaced, current, killed, empty)
    assert lake.remove_orphans(TABLE, LIMIT) == [killed]
    assert not Path(killed).parent.exists()
    assert all(Path(path).exists() for path in (replaced, current, running, empty))
    assert lake.remove_orphans(TABLE, LIMIT) == []


def test_a_new_candidate_folder_survives_a_sweep(lake, candidate):
    folder = lake.candidate_dir(TABLE, "run")
    assert lake.remove_orphans(TABLE, LIMIT) == []
    assert folder.is_dir()


def test_an_expired_snapshots_files_are_orphans_from_then_on(lake, candidate):
    files = [candidate([0], generation=n)[0] for n in range(4)]
    for file in files:
        lake.publish(TABLE, [file], Partitions.on(DAY(0)), {})
    age(*files)
    history = [s.snapshot_id for s in lake.history(TABLE)]
    assert lake.expire(TABLE, keep_last=2) == history[:2]
    assert [s.snapshot_id for s in lake.history(TABLE)] == history[2:]
    # A reader that planned just before still has its files.
    assert lake.remove_orphans(TABLE, LIMIT) == []
    age(*files)
    assert lake.remove_orphans(TABLE, LIMIT) == sorted(files[:2])
    assert lake.files(TABLE) == files[3:]
    assert lake.files(TABLE, snapshot_id=history[2]) == files[2:3]


def test_the_current_snapshot_is_never_forgotten(lake, candidate):
    for generation in range(4):
        lake.publish(TABLE, candidate([0], generation=generation), Partitions.on(DAY(0)), {})
    first, _, _, last = (s.snapshot_id for s in lake.history(TABLE))
    lake.rollback(TABLE, first)
    lake.expire(TABLE, keep_last=1)
    assert [s.snapshot_id for s in lake.history(TABLE)] == [first, last]
    assert lake.files(TABLE)
    with pytest.raises(LakeError, match="keep_last"):
        lake.expire(TABLE, keep_last=0)


def test_a_sweep_waits_for_a_publication_that_is_under_way(lake, candidate):
    (file,) = candidate([0])
    age(file)
    sweep = threading.Thread(target=lake.remove_orphans, args=(TABLE, LIMIT))
    table = load(lake._catalog, TABLE)
    with locked(lake._folder(TABLE)):
        sweep.start()
        sweep.join(0.5)
        assert sweep.is_alive()
        commit(table, describe(table, [file]), Partitions.on(DAY(0)), {})
    sweep.join(PATIENCE)
    assert Path(lake.files(TABLE)[0]).exists()


def test_a_candidate_that_was_swept_away_is_not_published(lake, candidate):
    (file,) = candidate([0])
    age(file)
    lake.remove_orphans(TABLE, LIMIT)
    with pytest.raises(LakeError, match=r"\.parquet is gone"):
        lake.publish(TABLE, [file], Partitions.on(DAY(0)), {})


def test_a_candidate_key_used_twice_gives_two_folders(lake):
    folders = [lake.candidate_dir(TABLE, "run.2024-01-01") for _ in range(3)]
    assert len(set(folders)) == 3
    assert all(folder.is_dir() and not any(folder.iterdir()) for folder in folders)
    with pytest.raises(LakeError, match="is not a candidate key"):
        lake.candidate_dir(TABLE, "../run")


def test_an_age_without_a_time_zone_is_refused(lake):
    with pytest.raises(LakeError, match="time zone"):
        lake.remove_orphans(TABLE, datetime(2020, 1, 1))  # noqa: DTZ001 - what is refused
