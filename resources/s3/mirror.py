"""The lake's files on this worker and their twins on S3."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.account.errors import code_of, explained
from resources.protocols.lake_types import LakeError
from resources.s3.objects import GONE, PART_BYTES, open_object, upload_once
from resources.side_by_side import side_by_side

if TYPE_CHECKING:
    from resources.account.aws_names import AwsNames

S3 = "s3://"


def address(uri: str) -> dict[str, str]:
    """Return the Bucket and Key of an s3:// URI, as S3's requests name them."""
    parts = uri.removeprefix(S3).partition("/")
    return {"Bucket": parts[0], "Key": parts[2]}


def _checksum(path: Path) -> str:
    """Return the SHA-256 that S3 stores for a file which `upload_once` has written."""
    with path.open("rb") as file:
        parts = [hashlib.sha256(part) for part in iter(lambda: file.read(PART_BYTES), b"")]
    if len(parts) > 1:
        whole = hashlib.sha256(b"".join(part.digest() for part in parts))
        return f"{base64.b64encode(whole.digest()).decode()}-{len(parts)}"
    return base64.b64encode((parts or [hashlib.sha256()])[0].digest()).decode()


@dataclass(frozen=True)
class Mirror:
    """`<local_dir>/<schema>/<table>/…` on this worker, `<table's location>/…` on S3.

    A file never changes once it has a name, on either side.
    """

    local_dir: Path
    names: AwsNames
    _known: dict[str, tuple[int, int]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def uri(self, path: Path | str) -> str:
        """Return the S3 twin of a local file or folder of a table; LakeError for any other path."""
        try:
            schema, table, *rest = Path(path).absolute().relative_to(self._root).parts
            return "/".join((self.names.table_location(schema, table), *rest))
        except (KeyError, ValueError):
            raise LakeError(f"{path} is not in a table's folder of {self._root}") from None

    def path(self, uri: str) -> Path:
        """Return the local twin of a table's S3 address; LakeError for any other address."""
        from resources.account.aws_names import LAYER_OF

        for schema in LAYER_OF:
            inside = uri.removeprefix(f"{self.names.schema_location(schema)}/")
            if inside != uri and ".." not in inside.split("/"):
                return self._root / schema / inside
        raise LakeError(f"{uri} is not in a table of {self.names.base}")

    def adopt(self, files: Iterable[str]) -> list[str]:
        """Return the S3 addresses of files, after uploading those that are only local.

        s3:// addresses are given back. A file that is not here must be on S3; one that is on S3
        with other bytes is a LakeError: readers may have planned on those.
        """
        return side_by_side(self._adopt, files)

    @property
    def s3(self) -> Any:
        """The S3 client."""
        from resources.account.client import client

        return client("s3", self.names.region)

    @property
    def _root(self) -> Path:
        return self.local_dir.absolute()

    def _adopt(self, file: str) -> str:
        if file.startswith(S3):
            return file
        path, uri = Path(file).absolute(), self.uri(file)
        if not path.exists():
            if self._head(uri) is None:
                raise LakeError(f"{path} is neither on this worker nor on S3 as {uri}")
            return uri
        stat = path.stat()
        seen = (stat.st_size, stat.st_mtime_ns)
        if self._known.get(uri) != seen:
            self._upload(path, uri, stat.st_size)
            self._known[uri] = seen
        return uri

    def _upload(self, path: Path, uri: str, size: int) -> None:
        twin = self._head(uri)
        if twin is None and upload_once(self.s3, uri, path):
            return
        twin = twin or self._head(uri) or {}
        if twin.get("ContentLength") != size or not self._same(path, uri, twin):
            raise LakeError(
                f"{uri} has other bytes than {path}: another worker made it first. Delete the"
                f" local folder {path.parent}; the run then takes what is on S3"
            )

    def _same(self, path: Path, uri: str, twin: dict[str, Any]) -> bool:
        """Return whether an object of the same size has the same bytes."""
        if twin.get("ChecksumSHA256") == _checksum(path):
            return True
        # S3 keeps the checksum that the writer chose: of other parts, or another one.
        with open_object(self.s3, uri) as theirs, path.open("rb") as ours:
            while chunk := ours.read(PART_BYTES):
                if chunk != theirs.read(len(chunk)):
                    return False
        return True

    def _head(self, uri: str) -> dict[str, Any] | None:
        """Return size and checksum of an object; None if it does not exist."""
        from botocore.exceptions import ClientError

        try:
            return dict(self.s3.head_object(**address(uri), ChecksumMode="ENABLED"))
        except ClientError as refused:
            if code_of(refused) in GONE:
                return None
            with explained("read", uri):
                raise

    def sizes(self, files: Sequence[str]) -> list[int]:
        """Return the bytes of files, here or on S3."""
        return side_by_side(self._size, files)

    def _size(self, file: str) -> int:
        if not file.startswith(S3) and Path(file).exists():
            return Path(file).stat().st_size
        uri = file if file.startswith(S3) else self.uri(file)
        found = self._head(uri)
        if found is None:
            raise LakeError(f"{uri} is not on S3")
        return int(found["ContentLength"])

    def delete(self, files: Iterable[str]) -> None:
        """Delete files here and on S3; what is not there is no error."""
        uris = []
        for file in files:
            local = self.path(file) if file.startswith(S3) else Path(file)
            local.unlink(missing_ok=True)
            uris.append(file if file.startswith(S3) else self.uri(file))
        with explained("delete", f"files of {self.names.base}"):
            delete_objects(self.s3, uris)


def delete_objects(s3: Any, uris: Sequence[str]) -> None:
    """Delete objects, a thousand in a request; LakeError names the first that S3 keeps."""
    by_bucket: dict[str, list[str]] = {}
    for uri in uris:
        where = address(uri)
        by_bucket.setdefault(where["Bucket"], []).append(where["Key"])
    for bucket, keys in by_bucket.items():
        for start in range(0, len(keys), 1000):
            part = [{"Key": key} for key in keys[start : start + 1000]]
            done = s3.delete_objects(Bucket=bucket, Delete={"Objects": part, "Quiet": True})
            for error in done.get("Errors", ()):
                raise LakeError(f"S3 keeps {S3}{bucket}/{error['Key']}: {error['Code']}")
