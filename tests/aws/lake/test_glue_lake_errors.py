"""What the lake on S3 and Glue says when something is missing or refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.account.errors import AwsError
from resources.iceberg.glue_lake import GlueLake
from resources.protocols.lake import LakeError, MissingTableError, Partitions
from resources.s3.mirror import address
from tests.lake.lake_writers import DAY, SCHEMA, TABLE, Candidate


@pytest.fixture
def lake(aws: AwsNames, tmp_path: Path) -> GlueLake:
    lake = GlueLake(aws, tmp_path / "worker")
    lake.ensure(TABLE, SCHEMA, ("business_date",), "One row per card issued.")
    return lake


@pytest.fixture
def candidate(lake: GlueLake) -> Candidate:
    return Candidate(lake)


def test_what_is_missing_is_named(aws, tmp_path):
    lake = GlueLake(aws, tmp_path)
    with pytest.raises(MissingTableError, match=r"^stage\.card is not in the lake"):
        lake.files(TABLE)
    with pytest.raises(LakeError, match="there is no schema marketing"):
        lake.ensure("marketing.x", SCHEMA)
    client("glue", aws.region).delete_database(Name=aws.database("stage"))
    reported = rf"Database .*{aws.database('stage')}.* The stack in infra/ creates"
    with pytest.raises(LakeError, match=reported):
        lake.tables()
    with pytest.raises(LakeError, match=reported):
        lake.ensure(TABLE, SCHEMA)


def test_files_are_read_as_who_boto3_is(lake, candidate, monkeypatch):
    """Arrow is given the credentials, and without any the error says what to do."""
    from resources.iceberg import s3_file_io

    lake.publish(TABLE, candidate([0]), Partitions.on(DAY(0)), {})
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    s3_file_io._session.cache_clear()
    try:
        with pytest.raises(AwsError, match=r"Cannot read Glue table .*no AWS credentials"):
            lake.files(TABLE)
    finally:
        s3_file_io._session.cache_clear()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    assert len(lake.files(TABLE)) == 1


class Refusing(BaseHTTPRequestHandler):
    """An S3 that answers everything with one error."""

    status, code = 403, "AccessDenied"

    def refuse(self) -> None:
        body = f"<Error><Code>{self.code}</Code><Message>of a client</Message></Error>".encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_PUT = do_POST = refuse  # noqa: N815 - the server's names

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def refusing() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_an_s3_that_refuses_arrow_is_explained_as_to_boto3(
    lake, candidate, refusing, tmp_path, monkeypatch
):
    (file,) = lake.mirror.adopt(candidate([0]))
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", refusing)
    barred = GlueLake(lake.names, tmp_path / "barred")
    bucket = lake.names.bucket("stage")
    reported = (
        rf"Cannot read Glue table \S+_stage\.card in bucket {bucket}: access is denied\. Allow"
    )
    with pytest.raises(AwsError, match=reported) as raised:
        barred.files(TABLE)
    assert raised.value.code == "AccessDenied"
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    with pytest.raises(AwsError, match="AWS could not be reached"):
        GlueLake(lake.names, tmp_path / "cut off").files(TABLE)
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3")
    assert lake.publish(TABLE, [file], Partitions.on(DAY(0)), {}).rows == 3


def test_a_candidate_that_may_not_be_read_is_no_broken_file(lake, candidate, refusing):
    from resources.iceberg.arrow_errors import is_refusal
    from resources.iceberg.candidate import footer_of

    (file,) = lake.mirror.adopt(candidate([0]))
    io = lake.load(TABLE).io
    assert footer_of(io, file).metadata.num_rows == 3
    io.properties["s3.endpoint"] = refusing
    elsewhere = file.replace(lake.names.bucket("stage"), "another-bucket")
    with pytest.raises(OSError, match="ACCESS_DENIED") as raised:
        footer_of(io, elsewhere)
    assert is_refusal(raised.value)


def test_metadata_that_is_gone_is_named(lake, candidate):
    lake.publish(TABLE, candidate([0]), Partitions.on(DAY(0)), {})
    gone = lake.load(TABLE).metadata_location
    client("s3", lake.names.region).delete_object(**address(gone))
    with pytest.raises(LakeError, match=rf"{gone} is gone\. Restore the object's last version"):
        lake.files(TABLE)
