"""Objects of S3: listed in pages, read to their end, written once."""

from __future__ import annotations

import base64
import hashlib
import io
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, cast

from resources.account.errors import code_of, explained

READ_BYTES = 1 << 20
PART_BYTES = 64 << 20
AT_ONCE = 4
_ATTEMPTS = 5
GONE = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound"})
TAKEN = frozenset({"PreconditionFailed", "412"})
CONFLICT = frozenset({"ConditionalRequestConflict", "409"})
_FIRST_WAIT = 0.1


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Return bucket and key of an s3:// address."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def listed(s3: Any, uri: str, **options: Any) -> Iterator[dict[str, Any]]:
    """Yield the pages of the listing of a key prefix, in order of the keys."""
    bucket, prefix = bucket_and_key(uri)
    with explained("list", uri):
        yield from s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix, **options
        )


def read_bytes(s3: Any, uri: str) -> bytes:
    """Return the content of a small object; FileNotFoundError if it does not exist."""
    with open_object(s3, uri) as opened:
        return opened.read()


def open_object(s3: Any, uri: str) -> BinaryIO:
    """Open an object's bytes as they are now; FileNotFoundError when it is not there.

    A connection that breaks is made again where it broke. FileNotFoundError, too, when the object
    was meanwhile replaced: no reader sees the start of one and the end of another.
    """
    return cast(BinaryIO, io.BufferedReader(_Object(s3, uri), READ_BYTES))


def put_once(s3: Any, uri: str, body: bytes) -> bool:
    """Write a small object; False when there is one already, whatever its bytes."""
    bucket, key = bucket_and_key(uri)
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    where = {"Bucket": bucket, "Key": key}
    return _once(
        uri,
        lambda: s3.put_object(**where, Body=body, ChecksumSHA256=digest, IfNoneMatch="*"),
    )


def upload_once(s3: Any, uri: str, path: Path) -> bool:
    """Write a file as an object, large ones in parts; False when there is an object already.

    S3 refuses bytes that do not arrive as they were sent. Memory: a few parts.
    """
    if path.stat().st_size <= PART_BYTES:
        return put_once(s3, uri, path.read_bytes())
    return _once(uri, lambda: _upload_parts(s3, uri, path))


def _once(uri: str, write: Callable[[], object]) -> bool:
    """Write on the condition that nothing is there; False when something is."""
    from botocore.exceptions import ClientError

    with explained("write", uri):
        for attempt in range(_ATTEMPTS):
            try:
                write()
                return True
            except ClientError as refused:
                if code_of(refused) in TAKEN:
                    return False
                # Another writer is at it, and may yet fail: S3 asks to try again.
                if code_of(refused) not in CONFLICT or attempt == _ATTEMPTS - 1:
                    raise
            time.sleep(random.uniform(0, _FIRST_WAIT * 2**attempt))  # noqa: S311 - no secret
    return False


def _upload_parts(s3: Any, uri: str, path: Path) -> None:
    bucket, key = bucket_and_key(uri)
    where = {"Bucket": bucket, "Key": key}
    begun = s3.create_multipart_upload(**where, ChecksumAlgorithm="SHA256")
    where["UploadId"] = begun["UploadId"]
    try:
        parts = _send_parts(s3, where, path)
        s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts}, IfNoneMatch="*")
    except BaseException:
        # Parts of an upload that is never completed cost as much as an object.
        s3.abort_multipart_upload(**where)
        raise


def _send_parts(s3: Any, where: dict[str, str], path: Path) -> list[dict[str, Any]]:
    def send(number: int) -> dict[str, Any]:
        with path.open("rb") as file:
            file.seek((number - 1) * PART_BYTES)
            body = file.read(PART_BYTES)
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        sent = s3.upload_part(**where, PartNumber=number, Body=body, ChecksumSHA256=digest)
        return {"PartNumber": number, "ETag": sent["ETag"], "ChecksumSHA256": digest}

    count = -(-path.stat().st_size // PART_BYTES)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(send, range(1, count + 1)))


class _Object(io.RawIOBase):
    """The bytes of one version of an object, in order."""

    def __init__(self, s3: Any, uri: str) -> None:
        super().__init__()
        self._s3, self._uri = s3, uri
        self._at, self._condition = 0, dict[str, str]()
        self._body = self._request()

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as the bytes go; 0 at their end."""
        from botocore.exceptions import BotoCoreError
        from urllib3.exceptions import HTTPError

        for attempt in range(1, _ATTEMPTS + 1):
            try:
                chunk = self._body.read(len(buffer))
                break
            except (BotoCoreError, HTTPError, OSError):
                if attempt == _ATTEMPTS:
                    with explained("read", self._uri):
                        raise
                self._body = self._request()
        buffer[: len(chunk)] = chunk
        self._at += len(chunk)
        return len(chunk)

    def close(self) -> None:
        """Release the connection."""
        if not self.closed and hasattr(self, "_body"):
            self._body.close()
        super().close()

    def _request(self) -> Any:
        from botocore.exceptions import ClientError

        bucket, key = bucket_and_key(self._uri)
        rest = {"Range": f"bytes={self._at}-"} if self._at else {}
        with explained("read", self._uri):
            try:
                answer = self._s3.get_object(Bucket=bucket, Key=key, **rest, **self._condition)
            except ClientError as error:
                if code_of(error) in GONE:
                    raise FileNotFoundError(f"{self._uri} is not there") from None
                if code_of(error) in TAKEN:
                    raise FileNotFoundError(f"{self._uri} changed while it was read") from None
                raise
        self._condition = {"IfMatch": answer["ETag"]}
        return answer["Body"]
