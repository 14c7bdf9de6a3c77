"""Trino's REST protocol: one statement from its text to its rows, or stopped on the way."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from tests.engines.trino_rows import arrow

if TYPE_CHECKING:
    import pyarrow as pa

# As one of Athena's INSERTs writes, whatever the machine has.
ONE_WRITER = {"task_min_writer_count": "1", "task_max_writer_count": "1"}
PATIENCE = 600.0
CANCELLED = {"errorName": "USER_CANCELED", "errorType": "USER_ERROR"}


class TrinoError(Exception):
    """A statement failed, in Trino's words: they may quote the data."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        self.name, self.kind = str(error["errorName"]), str(error["errorType"])
        self.message = str(error.get("message", ""))
        super().__init__(f"{self.name}: {self.message}")


@dataclass
class Statement:
    """A statement that was sent: what it has answered so far."""

    http: httpx.Client
    next_uri: str | None
    columns: list[dict[str, Any]] = field(default_factory=list)
    values: list[list[Any]] = field(default_factory=list)
    scanned: int = 0
    kind: str = ""
    stopped: bool = False

    def wait(self) -> Statement:
        """Return when it has ended; TrinoError when it failed or was stopped."""
        while self.next_uri:
            try:
                answer = _sent(lambda: self.http.get(self.next_uri or ""))
            except httpx.HTTPStatusError:
                if not self.stopped:
                    raise
                # A query that was stopped is forgotten at times before its end is asked for.
                raise TrinoError(CANCELLED) from None
            self.take(answer)
        return self

    def stop(self) -> None:
        """Cancel it; nothing happens to one that has ended."""
        self.stopped = True
        if self.next_uri:
            with contextlib.suppress(httpx.HTTPError):
                self.http.delete(self.next_uri)

    def take(self, answer: dict[str, Any]) -> None:
        """Read one answer of the protocol."""
        self.next_uri = answer.get("nextUri")
        self.columns = answer.get("columns") or self.columns
        self.values += answer.get("data") or []
        self.kind = answer.get("updateType") or self.kind
        self.scanned = int(answer["stats"].get("physicalInputBytes", 0))
        if "error" in answer:
            raise TrinoError(answer["error"])

    @property
    def rows(self) -> pa.Table:
        """The rows."""
        return arrow([(c["name"], c["type"]) for c in self.columns], self.values)


@dataclass(frozen=True)
class Trino:
    """A server, and the catalog that names without one are looked for in; safe in threads."""

    url: str
    catalog: str = "system"
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=PATIENCE))

    def send(
        self, sql: str, schema: str = "", session: Mapping[str, str] | None = None
    ) -> Statement:
        """Send a statement; TrinoError when it is refused at once."""
        settings = ONE_WRITER | dict(session or {})
        headers = {
            "X-Trino-User": "test",
            "X-Trino-Catalog": self.catalog,
            "X-Trino-Time-Zone": "UTC",
            # Else a timestamp is cut to milliseconds.
            "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME",
            "X-Trino-Session": ",".join(f"{k}={quote(v)}" for k, v in settings.items()),
        }
        if schema:
            headers["X-Trino-Schema"] = schema
        sent = Statement(self.http, None)
        body = sql.encode()
        address = f"{self.url}/v1/statement"
        sent.take(_sent(lambda: self.http.post(address, content=body, headers=headers)))
        return sent

    def run(self, sql: str, schema: str = "", session: Mapping[str, str] | None = None) -> pa.Table:
        """Return the rows of a statement."""
        return self.send(sql, schema, session).wait().rows

    @contextlib.contextmanager
    def at(self, endpoint: str, region: str, name: str) -> Iterator[Trino]:
        """Open a catalog over the Glue and the S3 of an emulated account."""
        account = {
            "region": region,
            "aws-access-key": "testing",
            "aws-secret-key": "testing",
        }
        settings = {
            "iceberg.catalog.type": "glue",
            # It keeps a file by its key without the bucket: of two accounts or deployments that
            # have a key in common, the second would be read from the first one's file.
            "iceberg.metadata-cache.enabled": "false",
            "iceberg.max-partitions-per-writer": "100",  # Athena's limit
            "hive.metastore.glue.endpoint-url": endpoint,
            **{f"hive.metastore.glue.{key}": value for key, value in account.items()},
            "fs.native-s3.enabled": "true",
            "s3.endpoint": endpoint,
            "s3.path-style-access": "true",
            **{f"s3.{key}": value for key, value in account.items()},
        }
        listed = ", ".join(f"\"{key}\" = '{value}'" for key, value in settings.items())
        self.run(f"CREATE CATALOG {name} USING iceberg WITH ({listed})")
        try:
            yield Trino(self.url, name, self.http)
        finally:
            self.run(f"DROP CATALOG {name}")


def _sent(request: Any) -> dict[str, Any]:
    """Return the answer to a request; one that the server is too busy for is made again."""
    while True:
        answer: httpx.Response = request()
        if answer.status_code in {502, 503, 504}:
            time.sleep(0.1)
            continue
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found
