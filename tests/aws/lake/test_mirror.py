"""A worker's files and their twins on S3: named alike, uploaded once, never overwritten."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from resources.account.aws_names import LAYER_OF, AwsNames
from resources.account.client import client
from resources.protocols.lake import LakeError
from resources.s3 import mirror as mirror_module
from resources.s3 import objects as s3_objects
from resources.s3.mirror import Mirror, address


@pytest.fixture
def mirror(aws: AwsNames, tmp_path: Path) -> Mirror:
    return Mirror(tmp_path / "lake", aws)


def written(mirror: Mirror, name: str, body: bytes) -> Path:
    path = mirror.local_dir / "stage" / "card" / "data" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def on_s3(mirror: Mirror, uri: str) -> bytes:
    return bytes(client("s3", mirror.names.region).get_object(**address(uri))["Body"].read())


@pytest.mark.parametrize("schema", LAYER_OF)
def test_a_path_and_its_address_lead_to_each_other(mirror, schema):
    path = mirror.local_dir / schema / "card" / "data" / "run" / "day=1" / "part 1.parquet"
    uri = mirror.uri(path)
    assert uri == (f"{mirror.names.table_location(schema, 'card')}/data/run/day=1/part 1.parquet")
    assert mirror.path(uri) == path
    assert mirror.uri(mirror.path(uri)) == uri


@pytest.mark.parametrize("path", ["marketing/card/data/x", "stage", "../stage/card/data/x"])
def test_a_path_of_no_table_has_no_address(mirror, path):
    with pytest.raises(LakeError, match="is not in a table's folder"):
        mirror.uri(mirror.local_dir / path)


def test_an_address_of_another_environment_has_no_path(mirror):
    other = mirror.names.model_copy(update={"environment": "prod"})
    for uri in (
        f"{other.table_location('stage', 'card')}/data/x",
        f"{mirror.names.landing}/x",
        f"{mirror.names.table_location('stage', 'card')}/../../../x",
    ):
        with pytest.raises(LakeError, match="is not in a table of"):
            mirror.path(uri)


def test_files_are_uploaded_once_in_order_and_addresses_passed_on(mirror):
    files = [str(written(mirror, f"run/{n}.parquet", b"%d" % n)) for n in range(20)]
    elsewhere = "s3://some-bucket/part.parquet"
    uris = mirror.adopt([*files, elsewhere])
    assert [on_s3(mirror, uri) for uri in uris[:-1]] == [b"%d" % n for n in range(20)]
    assert uris[-1] == elsewhere
    assert Mirror(mirror.local_dir, mirror.names).adopt(files) == uris[:-1]
    versions = client("s3", mirror.names.region).list_object_versions(
        Bucket=mirror.names.bucket("stage"), Prefix="warehouse/stage/card/data/run/"
    )["Versions"]
    assert len(versions) == 20


def test_a_file_that_only_s3_has_is_passed_on_and_one_that_nobody_has_is_named(mirror):
    path = written(mirror, "run/a.parquet", b"a")
    (uri,) = mirror.adopt([str(path)])
    path.unlink()
    assert Mirror(mirror.local_dir, mirror.names).adopt([str(path)]) == [uri]
    with pytest.raises(LakeError, match=r"b\.parquet is neither on this worker nor on S3"):
        mirror.adopt([str(path.with_name("b.parquet"))])


@pytest.mark.parametrize("other", [b"longer", b"b"])
def test_what_readers_may_have_planned_on_is_never_overwritten(mirror, other):
    path = written(mirror, "run/a.parquet", b"a")
    (uri,) = mirror.adopt([str(path)])
    path.write_bytes(other)
    with pytest.raises(LakeError, match=r"has other bytes than .*Delete the local folder"):
        Mirror(mirror.local_dir, mirror.names).adopt([str(path)])
    assert on_s3(mirror, uri) == b"a"


def test_a_twin_is_known_whatever_checksum_its_writer_chose(mirror):
    path = written(mirror, "run/a.parquet", b"same")
    s3 = client("s3", mirror.names.region)
    s3.put_object(**address(mirror.uri(path)), Body=b"same")
    assert mirror.adopt([str(path)]) == [mirror.uri(path)]
    s3.put_object(**address(mirror.uri(path)), Body=b"diff")
    with pytest.raises(LakeError, match="has other bytes"):
        Mirror(mirror.local_dir, mirror.names).adopt([str(path)])


def test_a_large_file_goes_in_parts_and_is_recognised(mirror, monkeypatch):
    part = 5 << 20  # the least that S3 takes of any but the last part
    for module in (s3_objects, mirror_module):
        monkeypatch.setattr(module, "PART_BYTES", part)
    body = hashlib.shake_256(b"large").digest(2 * part + 7)
    path = written(mirror, "run/large.parquet", body)
    (uri,) = mirror.adopt([str(path)])
    assert on_s3(mirror, uri) == body
    assert Mirror(mirror.local_dir, mirror.names).adopt([str(path)]) == [uri]


def test_a_writer_that_was_first_stays(mirror, monkeypatch):
    """Between the look and the upload another worker has written the same name."""
    path = written(mirror, "run/a.parquet", b"mine")
    uri = mirror.uri(path)
    look, rivals = Mirror._head, iter([b"them"])

    def late(self: Mirror, asked: str) -> object:
        found = look(self, asked)
        if body := next(rivals, None):
            client("s3", mirror.names.region).put_object(**address(asked), Body=body)
        return found

    monkeypatch.setattr(Mirror, "_head", late)
    with pytest.raises(LakeError, match="another worker made it first"):
        mirror.adopt([str(path)])
    assert on_s3(mirror, uri) == b"them"
