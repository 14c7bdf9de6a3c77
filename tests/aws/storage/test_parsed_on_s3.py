"""What one worker parsed, others need not parse; nobody sees half of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.s3.archive import S3Archive

Worker = Callable[[str], tuple[S3Archive, Path]]
FOLDER = "card-000001-abcd0123"


@pytest.fixture
def worker(aws: AwsNames, tmp_path: Path) -> Worker:
    def named(name: str) -> tuple[S3Archive, Path]:
        home = tmp_path / name
        data = home / "lake" / "raw" / "card" / "data"
        return S3Archive(home / "archive", home / "lake", aws), data

    return named


def parsed(data: Path, rows: bytes = b"rows", marker: bytes = b"{}") -> Path:
    folder = data / FOLDER
    folder.mkdir(parents=True)
    (folder / "2024-05-01.parquet").write_bytes(rows)
    (folder / "parsed.json").write_bytes(marker)
    return folder


def kept(aws: AwsNames) -> dict[str, bytes]:
    s3, bucket = client("s3", aws.region), aws.bucket("raw")
    found = s3.list_objects_v2(Bucket=bucket).get("Contents", ())
    return {
        item["Key"].removeprefix("warehouse/raw/card/data/"): s3.get_object(
            Bucket=bucket, Key=item["Key"]
        )["Body"].read()
        for item in found
    }


def test_the_marker_alone_comes_to_another_worker(worker: Worker, aws: AwsNames) -> None:
    archive, data = worker("one")
    archive.push(parsed(data))
    assert kept(aws) == {f"{FOLDER}/2024-05-01.parquet": b"rows", f"{FOLDER}/parsed.json": b"{}"}
    other, there = worker("two")
    other.pull(there)
    assert [p.relative_to(there).as_posix() for p in there.rglob("*") if p.is_file()] == [
        f"{FOLDER}/parsed.json"
    ]
    other.pull(there)
    archive.pull(data)
    assert len(list(data.rglob("*.*"))) == 2


def test_nothing_was_parsed_yet(worker: Worker) -> None:
    archive, data = worker("one")
    archive.pull(data)
    assert not data.exists()


def test_what_was_not_pushed_to_its_end_is_not_there(worker: Worker, aws: AwsNames) -> None:
    archive, data = worker("one")
    folder = parsed(data)
    s3, events = client("s3", aws.region), []

    def die(params: dict[str, object], **_: object) -> None:
        if str(params["Key"]).endswith("parsed.json"):
            raise KeyboardInterrupt
        events.append(params["Key"])

    s3.meta.events.register("provide-client-params.s3.PutObject", die)
    try:
        with pytest.raises(KeyboardInterrupt):
            archive.push(folder)
    finally:
        s3.meta.events.unregister("provide-client-params.s3.PutObject", die)
    assert len(events) == 1
    other, there = worker("two")
    other.pull(there)
    assert not list(there.rglob("parsed.json"))
    # It parses itself, and goes on where the dead one stopped.
    other.push(parsed(there))
    assert set(kept(aws)) == {f"{FOLDER}/2024-05-01.parquet", f"{FOLDER}/parsed.json"}


def test_of_two_that_parse_the_same_the_first_is_kept(worker: Worker, aws: AwsNames) -> None:
    one, two = worker("one"), worker("two")
    first = parsed(one[1], rows=b"rows", marker=b'{"rows": 4}')
    second = parsed(two[1], rows=b"rows in another file", marker=b'{"rows": 5}')
    one[0].push(first)
    before = kept(aws)
    two[0].push(second)
    assert kept(aws) == before
    # What is read here from now on is what lies on S3.
    assert (second / "parsed.json").read_bytes() == b'{"rows": 4}'
    assert not (second / "2024-05-01.parquet").exists()


def test_the_same_bytes_stay_here(worker: Worker) -> None:
    one, two = worker("one"), worker("two")
    one[0].push(parsed(one[1]))
    two[0].push(second := parsed(two[1]))
    assert (second / "2024-05-01.parquet").read_bytes() == b"rows"
