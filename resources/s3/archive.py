"""The archive on S3, with what this worker has read of it in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.account.client import client
from resources.account.errors import code_of, explained
from resources.files.folder_archive import LocalArchive
from resources.protocols.archive import CHUNK, ArchiveError, Content
from resources.s3.mirror import Mirror
from resources.s3.objects import bucket_and_key, open_object, upload_once
from resources.side_by_side import side_by_side

if TYPE_CHECKING:
    from resources.account.aws_names import AwsNames


class S3Archive:
    """content/<2 hex>/<sha256> on S3, of which nothing is ever written twice.

    `directory` holds copies: losing it costs downloads. `lake_dir` is the local side of the lake's
    mirror.
    """

    def __init__(self, directory: Path, lake_dir: Path, names: AwsNames) -> None:
        # A folder that has served another environment has nothing to say about this one.
        self._here = LocalArchive(directory / names.base)
        self._root = names.archive
        self._region = names.region
        self._mirror = Mirror(lake_dir, names)

    def put(self, chunks: Iterable[bytes]) -> Content:
        """Keep the bytes; those that are there already are not written again."""
        content = self._here.put(chunks)
        uri, path = self._content(content.sha256), self._here.path(content.sha256)
        if not self._is_kept(uri, content.bytes):
            upload_once(self._s3, uri, path)
        return content

    def holds(self, sha256: str, size: int) -> bool:
        """Return True, without a request: S3 keeps objects whole, and nothing may delete these."""
        return True

    def path(self, sha256: str) -> Path:
        """Return a local file of these bytes, downloaded once and verified.

        FileNotFoundError if they are not kept; ArchiveError if other bytes are.
        """
        with suppress(FileNotFoundError):
            return self._here.path(sha256)
        uri = self._content(sha256)
        with open_object(self._s3, uri) as opened:
            read = self._here.put(iter(lambda: opened.read(CHUNK), b""))
        if read.sha256 != sha256:
            self._here.path(read.sha256).unlink()
            raise ArchiveError(
                f"{uri} does not hold the bytes of its name. Restore the object's first version: "
                "the bucket keeps every one."
            )
        return self._here.path(sha256)

    def share(self, folder: Path) -> None:
        """Publish a parsed folder to other workers, before its result is noted.

        What another worker has written is kept, and the copy here removed: it is made of the same
        delivery under the same fingerprint, and somebody may read it already.
        """
        side_by_side(self._share, sorted(path for path in folder.rglob("*") if path.is_file()))

    def parsed_here(self, folder: Path) -> frozenset[str] | None:
        """Return None: S3 keeps what was shared, and the lake's mirror asks it for files."""

    def _share(self, path: Path) -> None:
        uri = self._mirror.uri(path)
        if not upload_once(self._s3, uri, path) and not self._is_same(uri, path):
            path.unlink()

    def _is_kept(self, uri: str, size: int) -> bool:
        found = self._head(uri)
        if found and found["ContentLength"] != size:
            raise ArchiveError(f"{uri} has {found['ContentLength']} bytes, the delivery {size}")
        return found is not None

    def _is_same(self, uri: str, path: Path) -> bool:
        with path.open("rb") as mine, open_object(self._s3, uri) as theirs:
            while True:
                one, other = mine.read(CHUNK), theirs.read(CHUNK)
                if one != other or not one:
                    return one == other

    def _head(self, uri: str) -> dict[str, Any] | None:
        from botocore.exceptions import ClientError

        bucket, key = bucket_and_key(uri)
        with explained("look at", uri):
            try:
                return dict(self._s3.head_object(Bucket=bucket, Key=key))
            except ClientError as error:
                if code_of(error) in {"404", "NoSuchKey", "NotFound"}:
                    return None
                raise

    def _content(self, sha256: str) -> str:
        return f"{self._root}/content/{sha256[:2]}/{sha256}"

    @property
    def _s3(self) -> Any:
        return client("s3", self._region)
