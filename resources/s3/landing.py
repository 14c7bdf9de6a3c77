"""The landing zone on S3."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import takewhile
from typing import Any, BinaryIO

from resources.account.client import client
from resources.account.errors import code_of, explained
from resources.files.listing import MAGIC, pattern_parts
from resources.files.regular import inside
from resources.protocols.landing import LandedFile, Page
from resources.s3.objects import GONE, bucket_and_key, listed, open_object


class S3Landing:
    """The objects under an address. A part of a key with a leading dot: not a delivery."""

    def __init__(self, uri: str, region: str) -> None:
        self._root = f"{uri.rstrip('/')}/"
        self._region = region

    def list(self, folder: str = "", pattern: str = "**/*") -> list[LandedFile]:
        """Return the files of a folder that match a glob pattern, by key."""
        return [file for page in self.pages(folder, pattern) for file in page.files]

    def keys(self, folder: str = "", pattern: str = "**/*") -> set[str]:
        """Return the keys of the files of `list`."""
        return {file.key for file in self.list(folder, pattern)}

    def pages(
        self, folder: str, pattern: str, *, prefix: str = "", after: str = ""
    ) -> Iterator[Page]:
        """Yield the files of `list`, by key and in S3's pages of a thousand at most."""
        within, wanted = inside(folder), pattern_parts(pattern)
        # What stands before the first wildcard is looked up by S3, the rest is compared here.
        known = takewhile(lambda part: not MAGIC.search(part), wanted[:-1])
        start = "".join(f"{part}/" for part in (*within, *known))
        if not (start.startswith(prefix) or prefix.startswith(start)):
            return
        fitting = (*map(glob.escape, within), *wanted)
        for page in self._pages(max(start, prefix, key=len), after):
            files = (_landed(key, found["Size"], found) for key, found in page.items())
            shown = (f for f in files if not _is_hidden(f.key) and _fits(f.key.split("/"), fitting))
            yield Page(list(shown), max(page))

    def state(self, key: str) -> LandedFile | None:
        """Return the file as it is now, None if it is gone."""
        from botocore.exceptions import ClientError

        bucket, name = bucket_and_key(self._root + key)
        with explained("look at", self._root + key):
            try:
                found = self._s3.head_object(Bucket=bucket, Key=name)
            except ClientError as error:
                if code_of(error) in GONE:
                    return None
                raise
        return _landed(key, found["ContentLength"], found)

    def open(self, key: str) -> BinaryIO:
        """Open a file's bytes; FileNotFoundError when it is gone, or replaced while it is read."""
        return open_object(self._s3, self._root + key)

    def out_of_reach(self) -> tuple[str, ...]:
        """Name nothing: a key of S3 is UTF-8, and a listing gives all or fails."""
        return ()

    @property
    def _s3(self) -> Any:
        return client("s3", self._region)

    def _pages(self, prefix: str, after: str) -> Iterator[dict[str, dict[str, Any]]]:
        """Yield S3's listing, by key, in pages that are not empty."""
        _, root = bucket_and_key(self._root)
        options = {"StartAfter": root + after} if after else {}
        for page in listed(self._s3, self._root + prefix, **options):
            if found := page.get("Contents"):
                yield {item["Key"].removeprefix(root): item for item in found}


def _landed(key: str, size: int, found: dict[str, Any]) -> LandedFile:
    # Other bytes have another ETag, whatever the second: a file is always settled.
    return LandedFile(key, size, f"{found['ETag']}:{found['LastModified']:%Y-%m-%dT%H:%M:%S}")


def _is_hidden(key: str) -> bool:
    # Consoles make empty objects that stand for folders.
    return not key or key.endswith("/") or any(p.startswith(".") for p in key.split("/"))


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Return whether a file matches, as in pathlib's glob: ** is any number of folders."""
    if not parts or not pattern:
        return not parts and not pattern
    first, *rest = pattern
    if first == "**":
        return bool(rest) and any(_fits(parts[n:], rest) for n in range(len(parts)))
    return fnmatchcase(parts[0], first) and _fits(parts[1:], rest)
