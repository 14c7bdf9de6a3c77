"""What one worker parsed, others need not parse; of two, the first one's files are kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.s3.archive import S3Archive
from tests.aws.whole.hooks import on_request

Worker = Callable[[str], tuple[S3Archive, Path]]
FOLDER = "card-000001-abcd0123"


@pytest.fixture
def worker(aws: AwsNames, tmp_path: Path) -> Worker:
    def named(name: str) -> tuple[S3Archive, Path]:
        home = tmp_path / name
        data = home / "lake" / "raw" / "card" / "data"
        return S3Archive(home / "archive", home / "lake", aws), data

    return named


def parsed(data: Path, rows: bytes = b"rows") -> Path:
    folder = data / FOLDER
    folder.mkdir(parents=True)
    (folder / "2024-05-01.parquet").write_bytes(rows)
    (folder / "2024-05-02.parquet").write_bytes(b"more")
    return folder


def kept(aws: AwsNames) -> dict[str, bytes]:
    s3, bucket = client("s3", aws.region), aws.bucket("raw")
    found = s3.list_objects_v2(Bucket=bucket).get("Contents", ())
    return {
        item["Key"].removeprefix(f"warehouse/raw/card/data/{FOLDER}/"): s3.get_object(
            Bucket=bucket, Key=item["Key"]
        )["Body"].read()
        for item in found
    }


def test_all_files_are_shared_and_stay_here(worker: Worker, aws: AwsNames) -> None:
    archive, data = worker("one")
    folder = parsed(data)
    archive.share(folder)
    assert kept(aws) == {"2024-05-01.parquet": b"rows", "2024-05-02.parquet": b"more"}
    assert len(list(folder.iterdir())) == 2
    # S3 is asked for a file, not for what there is.
    assert archive.parsed_here(data) is None


def test_what_was_not_shared_to_its_end_is_completed(worker: Worker, aws: AwsNames) -> None:
    archive, data = worker("one")
    folder = parsed(data)

    def die(params: dict[str, object]) -> dict[str, object]:
        if str(params["Key"]).endswith("05-02.parquet"):
            raise KeyboardInterrupt
        return params

    with on_request(client("s3", aws.region), "PutObject", die), pytest.raises(KeyboardInterrupt):
        archive.share(folder)
    assert "2024-05-02.parquet" not in kept(aws)
    other, there = worker("two")
    other.share(parsed(there))
    assert kept(aws) == {"2024-05-01.parquet": b"rows", "2024-05-02.parquet": b"more"}


def test_of_two_that_parse_the_same_the_first_is_kept(worker: Worker, aws: AwsNames) -> None:
    one, two = worker("one"), worker("two")
    one[0].share(parsed(one[1], rows=b"rows"))
    second = parsed(two[1], rows=b"rows in another file")
    before = kept(aws)
    two[0].share(second)
    assert kept(aws) == before
    # What is read here from now on is what lies on S3.
    assert [path.name for path in second.iterdir()] == ["2024-05-02.parquet"]


def test_the_same_bytes_stay_here(worker: Worker) -> None:
    one, two = worker("one"), worker("two")
    one[0].share(parsed(one[1]))
    two[0].share(second := parsed(two[1]))
    assert (second / "2024-05-01.parquet").read_bytes() == b"rows"
