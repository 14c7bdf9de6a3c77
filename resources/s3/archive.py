"""The archive on S3, with what this worker has read of it in a folder of its own."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.account.client import client
from resources.account.errors import code_of, explained
from resources.files.folder_archive import LocalArchive
from resources.protocols.archive import CHUNK, ArchiveError, Content, Receipt, read_receipt
from resources.s3.mirror import Mirror
from resources.s3.objects import (
    bucket_and_key,
    listed,
    open_object,
    put_once,
    read_bytes,
    upload_once,
)
from resources.side_by_side import side_by_side

if TYPE_CHECKING:
    from resources.account.aws_names import AwsNames

MARKER = "parsed.json"


class S3Archive:
    """content/<2 hex>/<sha256>, receipts/<feed>/<seq>.json and seen/<feed>.json on S3.

    Nothing of content and receipts is ever written twice. `directory` holds copies: losing it costs
    downloads. `lake_dir` is the local side of the lake's mirror.
    """

    def __init__(self, directory: Path, lake_dir: Path, names: AwsNames) -> None:
        # A folder that has served another environment has nothing to say about this one.
        self._here = LocalArchive(directory / names.base)
        self._root = names.archive
        self._region = names.region
        self._mirror = Mirror(lake_dir, names)
        self._seen: dict[str, str] = {}

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

    def receipts(self, feed: str) -> list[Receipt]:
        """Return a feed's receipts by order of arrival."""
        known = self._here.receipts(feed)
        # A receipt never changes and numbers have no gaps: only later ones are asked for.
        _, prefix = bucket_and_key(f"{self._root}/receipts/{feed}/")
        options = {"StartAfter": f"{prefix}{known[-1].seq:08d}.json"} if known else {}
        bucket, _ = bucket_and_key(self._root)
        found = [
            f"s3://{bucket}/{item['Key']}"
            for page in listed(self._s3, f"s3://{bucket}/{prefix}", **options)
            for item in page.get("Contents", ())
        ]
        texts = side_by_side(lambda uri: read_bytes(self._s3, uri), found)
        for uri, text in zip(found, texts, strict=True):
            self._here.register(read_receipt(uri, text))
        return self._here.receipts(feed)

    def register(self, receipt: Receipt) -> bool:
        """Keep a receipt under its feed and seq; False when another has that number."""
        uri = f"{self._root}/receipts/{receipt.feed}/{receipt.seq:08d}.json"
        return put_once(self._s3, uri, receipt.to_json().encode())

    def note(self, name: str, text: str) -> str:
        """Keep a text under a name, unless there is one."""
        put_once(self._s3, f"{self._root}/notes/{name}", text.encode())
        return self.noted(name) or ""

    def noted(self, name: str) -> str | None:
        """Return the text that is kept under a name."""
        try:
            return read_bytes(self._s3, f"{self._root}/notes/{name}").decode(errors="replace")
        except FileNotFoundError:
            return None

    def recall(self, feed: str) -> dict[str, list[str]]:
        """Return what was last seen of a feed's files."""
        try:
            text = read_bytes(self._s3, f"{self._root}/seen/{feed}.json").decode()
            kept = dict[str, list[str]](json.loads(text))
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        self._seen[feed] = text
        return kept

    def remember(self, feed: str, seen: Mapping[str, list[str]]) -> None:
        """Keep what was seen of a feed's files."""
        text, uri = json.dumps(seen, sort_keys=True), f"{self._root}/seen/{feed}.json"
        if self._seen.get(feed) == text:
            return
        bucket, key = bucket_and_key(uri)
        with explained("write", uri):
            self._s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
        self._seen[feed] = text

    def pull(self, folder: Path) -> None:
        """Copy the markers of other workers' deliveries into this folder; not their files."""
        uri = f"{self._mirror.uri(folder)}/"
        _, root = bucket_and_key(uri)
        names = [
            found["Prefix"].removeprefix(root).rstrip("/")
            for page in listed(self._s3, uri, Delimiter="/")
            for found in page.get("CommonPrefixes", ())
        ]
        missing = [name for name in names if not (folder / name / MARKER).exists()]
        side_by_side(lambda name: self._take(folder / name), missing)

    def push(self, folder: Path) -> None:
        """Publish a parsed folder to other workers; its marker goes last.

        What another worker has written is kept, and the copy here removed: it is made of the same
        delivery under the same fingerprint, and somebody may read it already.
        """
        files = [path for path in folder.rglob("*") if path.is_file() and path.name != MARKER]
        side_by_side(self._share, sorted(files))
        marker = folder / MARKER
        if marker.exists() and not put_once(
            self._s3, self._mirror.uri(marker), marker.read_bytes()
        ):
            marker.write_bytes(read_bytes(self._s3, self._mirror.uri(marker)))

    def _share(self, path: Path) -> None:
        uri = self._mirror.uri(path)
        if not upload_once(self._s3, uri, path) and not self._is_same(uri, path):
            path.unlink()

    def _take(self, folder: Path) -> None:
        """Copy one marker; a folder without one is unfinished, or no parsed delivery."""
        try:
            marker = read_bytes(self._s3, self._mirror.uri(folder / MARKER))
        except FileNotFoundError:
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.pulled-", dir=folder.parent))
        try:
            (draft / MARKER).write_bytes(marker)
            # Whole or not at all, as a parsed folder appears.
            draft.rename(folder)
        except OSError:
            if not (folder / MARKER).exists():
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)

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
