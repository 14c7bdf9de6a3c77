"""Logs of jobs: CloudWatch while they run, or the files that EMR copies to S3."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

from resources.account.client import client
from resources.account.errors import code_of, explained
from resources.jobs.messages import VERSION
from resources.s3.mirror import address

# Streams are ingested at their own pace: what is a little older may come a little later.
_OVERLAP_MS = 60_000


class CloudWatchLines:
    """The job's own messages in the streams of a log group that begin with a prefix."""

    def __init__(self, region: str, group: str, stream: str) -> None:
        self._region, self._group, self._stream = region, group, stream
        self._seen: set[str] = set()
        self._since = 0

    def __iter__(self) -> Iterator[str]:
        """Yield the lines since the last call; none while there is no such group."""
        from botocore.exceptions import ClientError

        asked: dict[str, Any] = {
            "logGroupName": self._group,
            "logStreamNamePrefix": self._stream,
            "filterPattern": f'"{VERSION}"',
            "startTime": max(0, self._since - _OVERLAP_MS),
        }
        pages = client("logs", self._region).get_paginator("filter_log_events")
        with explained("read the log", self._group):
            try:
                for page in pages.paginate(**asked):
                    yield from self._new(page["events"])
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise

    def _new(self, events: list[dict[str, Any]]) -> Iterator[str]:
        for event in events:
            if event["eventId"] not in self._seen:
                self._seen.add(event["eventId"])
                self._since = max(self._since, int(event["timestamp"]))
                yield from str(event["message"]).splitlines()


class CopiedLines:
    """The lines of a gzipped file on S3, which EMR replaces by a longer one every few minutes."""

    def __init__(self, region: str, uri: str) -> None:
        self._region, self._uri, self._given = region, uri, 0

    def __iter__(self) -> Iterator[str]:
        """Yield the lines since the last call; none while there is no file."""
        from botocore.exceptions import ClientError

        try:
            with explained("read the log", self._uri):
                try:
                    found = client("s3", self._region).get_object(**address(self._uri))
                except ClientError as error:
                    if code_of(error) in ("NoSuchKey", "404"):
                        return
                    raise
                text = gzip.decompress(found["Body"].read()).decode(errors="replace")
        except (EOFError, gzip.BadGzipFile):
            return
        lines = text.splitlines()
        yield from lines[self._given :]
        self._given = len(lines)
