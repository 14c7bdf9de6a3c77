"""What is forgotten and deleted on S3, and what never is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.iceberg.glue_lake import GlueLake
from resources.protocols.lake import LakeError, Partitions
from resources.s3.mirror import address
from tests.lake.lake_writers import DAY, SCHEMA, TABLE, Candidate


@pytest.fixture
def lake(aws: AwsNames, tmp_path: Path) -> GlueLake:
    lake = GlueLake(aws, tmp_path / "worker")
    lake.ensure(TABLE, SCHEMA, ("business_date",), "")
    return lake


def soon() -> datetime:
    """A time that everything written so far is older than."""
    return datetime.now(UTC) + timedelta(seconds=2)


def uploaded(lake: GlueLake, days: Sequence[int]) -> list[str]:
    return lake.mirror.adopt(Candidate(lake)(days))


def exists(lake: GlueLake, uri: str) -> bool:
    try:
        client("s3", lake.names.region).head_object(**address(uri))
    except ClientError:
        return False
    return True


def claim(file: str) -> str:
    return f"{file.rpartition('/')[0]}/_claimed"


def test_only_old_files_that_no_snapshot_shows_are_deleted(lake):
    replaced, current, killed = uploaded(lake, [0, 0, 0])
    for file in (replaced, current):
        lake.publish(TABLE, [file], Partitions.on(DAY(0)), {})
    empty = lake.empty_file(TABLE)
    assert lake.remove_orphans(TABLE, datetime(2020, 1, 1, tzinfo=UTC)) == []
    assert exists(lake, killed)
    assert lake.remove_orphans(TABLE, soon()) == sorted([claim(killed), killed])
    assert [exists(lake, uri) for uri in (replaced, current, empty, killed)] == [1, 1, 1, 0]
    assert lake.remove_orphans(TABLE, soon()) == []


def test_a_folder_whose_files_are_published_stays_taken(lake):
    (published,) = uploaded(lake, [0])
    lake.publish(TABLE, [published], Partitions.on(DAY(0)), {})
    lake.candidate_dir(TABLE, "unused")
    assert lake.remove_orphans(TABLE, soon()) == [
        f"{lake.names.table_location('stage', 'card')}/data/unused/_claimed"
    ]
    elsewhere = GlueLake(lake.names, lake.lake_dir / "elsewhere")
    assert elsewhere.candidate_dir(TABLE, "test").name == "test.2"
    assert elsewhere.candidate_dir(TABLE, "unused").name == "unused"


def test_an_expired_snapshots_files_are_orphans_from_then_on(lake):
    files = uploaded(lake, [0, 0, 0, 0])
    for file in files:
        lake.publish(TABLE, [file], Partitions.on(DAY(0)), {})
    history = [s.snapshot_id for s in lake.history(TABLE)]
    # Times on S3 are those of its clock, in seconds.
    time.sleep(1.1)
    before_expiry = datetime.now(UTC)
    time.sleep(1.1)
    assert lake.expire(TABLE, keep_last=2) == history[:2]
    assert [s.snapshot_id for s in lake.history(TABLE)] == history[2:]
    # A reader that planned just before still has its files, though they are older than that.
    assert lake.remove_orphans(TABLE, before_expiry) == []
    assert all(exists(lake, file) for file in files)
    assert set(lake.remove_orphans(TABLE, soon())) >= set(files[:2])
    assert [exists(lake, file) for file in files] == [False, False, True, True]
    assert list(lake.files(TABLE)) == files[3:]
    assert list(lake.files(TABLE, snapshot_id=history[2])) == files[2:3]
    notes = f"{lake.names.table_location('stage', 'card')}/expired/"
    left = client("s3", lake.names.region).list_objects_v2(
        Bucket=address(notes)["Bucket"], Prefix=address(notes)["Key"]
    )
    assert left["KeyCount"] == 0


def test_without_the_note_they_would_be_gone_at_once(lake, monkeypatch):
    """The twin that must fail: by the age of the files alone a reader's plan breaks."""
    files = uploaded(lake, [0, 0])
    for file in files:
        lake.publish(TABLE, [file], Partitions.on(DAY(0)), {})
    time.sleep(1.1)
    before_expiry = datetime.now(UTC)
    time.sleep(1.1)
    monkeypatch.setattr(GlueLake, "_orphaned", lambda *_: None)
    lake.expire(TABLE, keep_last=1)
    assert files[0] in lake.remove_orphans(TABLE, before_expiry)


def test_what_is_published_during_a_sweep_is_known_to_it(lake, monkeypatch):
    """The table is looked at after the files are listed."""
    (file,) = uploaded(lake, [0])
    load = GlueLake.load
    waiting = iter([file])

    def late(self: GlueLake, table: str) -> object:
        if uri := next(waiting, None):
            self.publish(TABLE, [uri], Partitions.on(DAY(0)), {})
        return load(self, table)

    monkeypatch.setattr(GlueLake, "load", late)
    assert file not in lake.remove_orphans(TABLE, soon())
    assert exists(lake, file)


def test_a_candidate_that_was_swept_away_is_not_published(lake):
    (file,) = uploaded(lake, [0])
    lake.remove_orphans(TABLE, soon())
    with pytest.raises(LakeError, match=r"\.parquet is gone"):
        lake.publish(TABLE, [file], Partitions.on(DAY(0)), {})
