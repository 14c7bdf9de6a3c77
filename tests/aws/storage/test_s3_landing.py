from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.files.folder_landing import LocalLanding
from resources.protocols.landing import Landing
from resources.s3.landing import S3Landing

FILES = [
    "account.csv",
    "account.csv.gz",
    "[odd].csv",
    "crm/customer_2024-05-01.csv",
    "crm/customer_2024-05-02.CSV",
    "crm/.customer_2024-05-03.csv",
    "crm/2024/05/customer.csv",
    "crm2/customer_2024-05-01.csv",
    "cr.m/customer_2024-05-01.csv",
    ".hidden/customer.csv",
    "ga/date=2024-05-01/part-0.parquet",
    "ga/date=2024-05-01/part-1.parquet",
    "ga/date=2024-05-02/part-0.parquet",
    "ga/date=2024-05-02/_SUCCESS",
    "umlaut/kündigung é+ %41.csv",
]
ASKED = [
    ("", "**/*"),
    ("", "*.csv"),
    ("", "*"),
    ("", "**/*.csv"),
    ("", "[[]odd].csv"),
    ("", "account.csv"),
    ("", "crm/*.csv"),
    ("", "crm*/customer_2024-05-0?.csv"),
    ("", "**"),
    ("", "**/05/*"),
    ("", "**/**/*.csv"),
    ("crm", "**/*"),
    ("crm", "*.csv"),
    ("crm", "*.[cC][sS][vV]"),
    ("crm", "customer_2024-05-0[!1].*"),
    ("crm", "2024/**/*.csv"),
    ("crm", "*/*"),
    ("crm/2024", "05/customer.csv"),
    ("cr.m", "*"),
    ("crm/", "*.csv"),
    ("ga", "date=*/part-*.parquet"),
    ("ga", "date=2024-05-0[12]/*"),
    ("ga", "date=2024-05-01"),
    ("umlaut", "*"),
    ("nothing", "**/*"),
    (".hidden", "*"),
]

SOME = 21
"""How many of those ask for something that is there."""

Put = Callable[[str, bytes], None]


@pytest.fixture
def put(aws: AwsNames) -> Put:
    s3, bucket = client("s3", aws.region), aws.bucket("raw")
    return lambda key, body: s3.put_object(Bucket=bucket, Key=f"landing/{key}", Body=body)


@pytest.fixture
def landing(aws: AwsNames) -> S3Landing:
    return S3Landing(aws.landing, aws.region)


def test_a_pattern_means_the_same_on_s3_and_in_a_folder(
    landing: S3Landing, put: Put, tmp_path: Path
) -> None:
    for number, key in enumerate(FILES):
        put(key, b"x" * number)
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_bytes(b"x" * number)
    put("crm/", b"")
    put("", b"")

    def shown(zone: Landing) -> dict[tuple[str, str], list[tuple[str, int]]]:
        return {asked: [(f.key, f.bytes) for f in zone.list(*asked)] for asked in ASKED}

    def later(zone: Landing) -> list[list[str]]:
        asked = [("crm", "crm/cus", ""), ("", "crm", ""), ("crm", "crm/cus", "crm/customer_2024-"),
                 ("", "", "crm/customer_2024-05-01.csv"), ("crm", "ga/", ""), ("crm/2024", "c", ""),
                 ("", "", "ga/zzz"), ("", "ga/date=2024-05-01/part-0.parquet", "ga/a")]  # fmt: skip
        return [
            [f.key for p in zone.pages(folder, "**/*", prefix=prefix, after=after) for f in p.files]
            for folder, prefix, after in asked
        ]

    assert later(landing) == later(LocalLanding(tmp_path))
    assert [len(keys) for keys in later(landing)] == [2, 4, 2, 7, 0, 1, 1, 1]
    ended = [page.last for page in landing.pages("ga", "*.csv")]
    assert ended == ["ga/date=2024-05-02/part-0.parquet"]
    here, there = shown(LocalLanding(tmp_path)), shown(landing)
    assert there == here
    assert sum(bool(found) for found in here.values()) == SOME


@pytest.mark.parametrize("zone", ["folder", "s3"])
def test_stars_that_are_not_a_whole_folder_are_refused_by_both(
    zone: str, landing: S3Landing, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(b"")
    asked: Landing = landing if zone == "s3" else LocalLanding(tmp_path)
    with pytest.raises(ValueError, match=r"\*\*"):
        asked.list("", "a**/b")


def test_a_listing_of_several_pages_is_whole(landing: S3Landing, put: Put, aws: AwsNames) -> None:
    for number in range(10):
        put(f"many/{number:04d}.csv", b"")
    pages = []

    def small(params: dict[str, object], **_: object) -> dict[str, object]:
        pages.append(params.get("ContinuationToken"))
        return {**params, "MaxKeys": 3}

    events, event = client("s3", aws.region).meta.events, "provide-client-params.s3.ListObjectsV2"
    events.register(event, small)
    found = landing.list("many", "*.csv")
    events.unregister(event, small)
    assert [f.key for f in found] == [f"many/{number:04d}.csv" for number in range(10)]
    assert len(pages) == 4


def test_other_bytes_of_the_same_length_are_seen(landing: S3Landing, put: Put) -> None:
    put("a.csv", b"one")
    first = landing.state("a.csv")
    assert landing.list() == [first]
    put("a.csv", b"two")
    assert landing.list() == [landing.state("a.csv")] != [first]
    assert first.settled


def test_what_is_not_there(landing: S3Landing) -> None:
    assert landing.state("a.csv") is None
    with pytest.raises(FileNotFoundError):
        landing.open("a.csv")


def test_a_file_that_is_replaced_while_it_is_read_is_no_file(landing: S3Landing, put: Put) -> None:
    """A connection that breaks is made again; with other bytes there, nobody gets half of each."""
    body = bytes(range(256)) * 20_000
    put("a.csv", body)
    with landing.open("a.csv") as opened:
        read = opened.read(2_000_000)
        _break(opened)
        assert read + opened.read() == body
    with landing.open("a.csv") as opened:
        opened.read(2_000_000)
        put("a.csv", body[::-1])
        _break(opened)
        with pytest.raises(FileNotFoundError, match="changed while it was read"):
            opened.read()


def _break(opened: object) -> None:
    def cut(_count: int) -> bytes:
        raise ConnectionResetError

    opened.raw._body.read = cut  # type: ignore[attr-defined]


def test_no_bucket_and_no_permission_are_reported(aws: AwsNames) -> None:
    from resources.account.errors import AwsError

    with pytest.raises(AwsError, match="list s3://no-such-bucket-here/x/: it does not exist"):
        S3Landing("s3://no-such-bucket-here/x", aws.region).list()
