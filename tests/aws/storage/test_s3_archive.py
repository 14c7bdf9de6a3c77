from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.account.errors import AwsError
from resources.protocols.archive import Content
from resources.s3 import objects as s3_objects
from resources.s3.archive import ArchiveError, S3Archive
from resources.s3.objects import put_once, upload_once
from tests.aws.whole.hooks import on_request, refused

Worker = Callable[[str], S3Archive]
ABC = hashlib.sha256(b"abc").hexdigest()


@pytest.fixture
def worker(aws: AwsNames, tmp_path: Path) -> Worker:
    """Return the archive of a worker of this name, with a home of its own."""
    return lambda name: S3Archive(tmp_path / name / "archive", tmp_path / name / "lake", aws)


@pytest.fixture
def objects(aws: AwsNames) -> Callable[[], dict[str, bytes]]:
    def found() -> dict[str, bytes]:
        s3, bucket = client("s3", aws.region), aws.bucket("raw")
        keys = [i["Key"] for i in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    return found


def versions(aws: AwsNames) -> int:
    found = client("s3", aws.region).list_object_versions(Bucket=aws.bucket("raw"))
    return len(found.get("Versions", ()))


def test_bytes_are_kept_once_under_their_hash(
    worker: Worker, aws: AwsNames, objects: Callable[[], dict[str, bytes]]
) -> None:
    assert worker("one").put([b"a", b"bc"]) == Content(ABC, 3)
    assert worker("two").put(iter([b"abc"])) == Content(ABC, 3)
    assert worker("one").put([]).bytes == 0
    assert objects() == {
        f"archive/content/{ABC[:2]}/{ABC}": b"abc",
        f"archive/content/e3/{hashlib.sha256().hexdigest()}": b"",
    }
    assert versions(aws) == 2
    read = worker("three").path(ABC)
    assert read.read_bytes() == b"abc"
    assert read.stat().st_mode & 0o222 == 0
    with pytest.raises(FileNotFoundError):
        worker("three").path("0" * 64)


def test_a_delivery_that_stops_coming_leaves_nothing(
    worker: Worker, objects: Callable[[], dict[str, bytes]]
) -> None:
    def broken() -> Iterator[bytes]:
        yield b"abc"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        worker("one").put(broken())
    assert objects() == {}


def test_other_bytes_than_the_name_says_are_never_read(worker: Worker, aws: AwsNames) -> None:
    worker("one").put([b"abc"])
    key = f"archive/content/{ABC[:2]}/{ABC}"
    where = {"Bucket": aws.bucket("raw"), "Key": key}
    client("s3", aws.region).put_object(**where, Body=b"abd")
    for _ in range(2):
        with pytest.raises(ArchiveError, match="does not hold the bytes of its name"):
            worker("two").path(ABC)
    client("s3", aws.region).put_object(**where, Body=b"ab")
    with pytest.raises(ArchiveError, match="has 2 bytes, the delivery 3"):
        worker("three").put([b"abc"])


def test_a_large_file_goes_in_parts_and_once(
    aws: AwsNames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_objects, "PART_BYTES", 5 << 20)
    s3, uri, path = client("s3", aws.region), f"{aws.archive}/large", tmp_path / "large"
    body = bytes(range(251)) * 45_000
    path.write_bytes(body)
    assert upload_once(s3, uri, path)
    path.write_bytes(body[::-1])
    assert not upload_once(s3, uri, path)
    bucket = aws.bucket("raw")
    found = s3.get_object(Bucket=bucket, Key="archive/large")
    assert found["Body"].read() == body
    assert found["ETag"].endswith('-3"')
    assert not s3.list_multipart_uploads(Bucket=bucket).get("Uploads")


def test_an_upload_that_fails_leaves_no_parts(
    aws: AwsNames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_objects, "PART_BYTES", 5 << 20)
    s3, path = client("s3", aws.region), tmp_path / "large"
    path.write_bytes(b"x" * (11 << 20))

    def fail(params: dict[str, Any]) -> dict[str, Any]:
        if params.get("PartNumber") == 2:
            raise KeyboardInterrupt
        return params

    with on_request(s3, "UploadPart", fail), pytest.raises(KeyboardInterrupt):
        upload_once(s3, f"{aws.archive}/large", path)
    assert not s3.list_multipart_uploads(Bucket=aws.bucket("raw")).get("Uploads")
    assert "Contents" not in s3.list_objects_v2(Bucket=aws.bucket("raw"))


def test_what_is_there_is_not_written_over(aws: AwsNames) -> None:
    s3, uri = client("s3", aws.region), f"{aws.archive}/small"
    assert [put_once(s3, uri, body) for body in (b"one", b"two", b"one")] == [True, False, False]
    assert s3_objects.read_bytes(s3, uri) == b"one"


def test_a_conflict_with_another_writer_is_tried_again(worker: Worker, aws: AwsNames) -> None:
    conflicts = iter([True, True])

    def conflict(params: dict[str, Any]) -> dict[str, Any]:
        if next(conflicts, False):
            raise refused("ConditionalRequestConflict", "PutObject")
        return params

    def always(_params: dict[str, Any]) -> dict[str, Any]:
        raise refused("ConditionalRequestConflict", "PutObject")

    s3 = client("s3", aws.region)
    with on_request(s3, "PutObject", conflict):
        worker("one").put([b"abc"])
    assert worker("two").path(ABC).read_bytes() == b"abc"
    with on_request(s3, "PutObject", always), pytest.raises(AwsError, match="Cannot write s3://"):
        worker("one").put([b"abcd"])


def test_a_folder_of_another_environment_says_nothing(
    worker: Worker, aws: AwsNames, tmp_path: Path
) -> None:
    worker("one").put([b"abc"])
    other = aws.model_copy(update={"environment": "branch-other"})
    bucket = {"LocationConstraint": aws.region}
    client("s3", aws.region).create_bucket(
        Bucket=other.bucket("raw"), CreateBucketConfiguration=bucket
    )
    elsewhere = S3Archive(tmp_path / "one" / "archive", tmp_path / "one" / "lake", other)
    with pytest.raises(FileNotFoundError):
        elsewhere.path(ABC)
