"""One look at an Athena query: its state, what it cost, and why it failed in words without data."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from typing import Any

from resources.protocols.sql_engine import SqlError, SqlTimeoutError

ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
LOST = frozenset({"FAILED", "CANCELLED"})
_MB, _TB = 2**20, 2**40
_BILLED_AT_LEAST = 10 * _MB
STOPPED = "stopped before it ended"
_SYSTEM = 1  # AthenaError's category of a fault that is not the query's

# What the engine says of the text alone, before it has read a row: no data is in it.
_ABOUT_THE_TEXT = re.compile(
    r"^(SYNTAX_ERROR|TYPE_MISMATCH|[A-Z_]+_NOT_FOUND|NOT_SUPPORTED|AMBIGUOUS_[A-Z_]+|MISMATCHED_[A-Z_]+"
    r"|DUPLICATE_[A-Z_]+|MISSING_[A-Z_]+|EXPRESSION_[A-Z_]+|INVALID_(TABLE|VIEW|COLUMN)[A-Z_]*)\b"
)
_OURS = re.compile(r"output: column \w+ has a value that [^']+? cannot hold")
_CODE = re.compile(r"^([A-Z][A-Z_0-9]{3,})\b")
_BUCKET = re.compile(r"s3://([a-z0-9.-]+)|bucket[: ]+([a-z0-9.-]+)", re.IGNORECASE)

HINTS = (
    ("exhausted resources", "it needs more memory than Athena has: build fewer dates at once"),
    ("TOO_MANY_OPEN_PARTITIONS", "it writes more than 100 partitions: build fewer dates at once"),
    ("EXCEEDED_TIME_LIMIT", "it ran longer than Athena allows: build fewer dates at once"),
    ("QUERY_HAS_TOO_MANY_STAGES", "it has more stages than Athena runs: read a step's result from "
     "a table of its own"),
    ("Bytes scanned limit", "it would scan more than the workgroup allows: build fewer dates at "
     "once, or raise the workgroup's limit"),
    ("Lake Formation", "the role lacks a Lake Formation grant on a table that it reads"),
    ("Access Denied", "the role may not read or write{bucket}: allow it in IAM, or in KMS"),
    ("ICEBERG_MISSING_METADATA", "a table's metadata is gone: was a snapshot expired meanwhile?"),
    ("ICEBERG_CANNOT_OPEN_SPLIT", "a data file is gone{bucket}: was a snapshot expired meanwhile?"),
    ("HIVE_BAD_DATA", "a file does not hold what its table says{bucket}"),
    ("INVALID_CAST_ARGUMENT", "a value is not of the type that the SQL casts it to"),
    ("NUMERIC_VALUE_OUT_OF_RANGE", "a number is too large for its type"),
    ("DIVISION_BY_ZERO", "a divisor is 0: write NULLIF(x, 0)"),
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """How a query ended: Athena's state, and why it failed in words without data.

    query_id: None when it never started.
    """

    name: str
    query_id: str | None
    state: str
    reason: str = ""


@dataclass(frozen=True)
class Execution:
    """A query's state as Athena reports it; `reason` may hold values of data, `why` does not."""

    query_id: str
    state: str
    reason: str = ""
    scanned: int = 0
    queue_ms: int = 0
    engine_ms: int = 0
    submitted: dt.datetime | None = None
    transient: bool = False

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Execution:
        """Read the answer of GetQueryExecution."""
        status, statistics = found["Status"], found.get("Statistics", {})
        error = status.get("AthenaError", {})
        reason = status.get("StateChangeReason", "") or error.get("ErrorMessage", "")
        system = error.get("ErrorCategory") == _SYSTEM and bool(error.get("Retryable"))
        return cls(
            query_id=found["QueryExecutionId"],
            state=status["State"],
            reason=reason,
            scanned=int(statistics.get("DataScannedInBytes", 0)),
            queue_ms=int(statistics.get("QueryQueueTimeInMillis", 0)),
            engine_ms=int(statistics.get("EngineExecutionTimeInMillis", 0)),
            submitted=status.get("SubmissionDateTime"),
            transient=system and "exhausted resources" not in reason,
        )

    @property
    def ended(self) -> bool:
        """Return whether the state will not change any more."""
        return self.state in ENDED

    @property
    def lost(self) -> bool:
        """Return whether it ended without a result."""
        return self.state in LOST

    @property
    def why(self) -> str:
        """Return why it failed, and what to do, without a value of the data."""
        if ours := _OURS.search(self.reason):
            return ours.group(0)
        if _ABOUT_THE_TEXT.match(self.reason):
            return self.reason.splitlines()[0]
        named = _BUCKET.search(self.reason)
        bucket = f" in bucket {named[1] or named[2]}" if named else ""
        code = _CODE.match(self.reason)
        prefix = f"{code[1]}: " if code else ""
        for text, hint in HINTS:
            if text.lower() in self.reason.lower():
                return prefix.replace(f"{text}: ", "") + hint.format(bucket=bucket)
        return f"{prefix}Athena's own words are in the query's history, they may quote data"

    def failure(self) -> SqlError:
        """Return the error of a query that was lost."""
        if self.state == "CANCELLED" and not self.reason:
            return SqlTimeoutError(f"Athena query {self.query_id}: {STOPPED}")
        return SqlError(f"Athena query {self.query_id}: {self.why}")

    def cost(self, price_per_tb: Decimal) -> Decimal:
        """Return the cost of the query: whole megabytes, at least ten, nothing if it failed."""
        if self.state == "FAILED" or not self.ended:
            return Decimal(0)
        billed = max(_BILLED_AT_LEAST, -(-self.scanned // _MB) * _MB)
        exact = Decimal(billed) / _TB * price_per_tb
        return exact.quantize(Decimal("0.000001"), rounding=ROUND_UP)
