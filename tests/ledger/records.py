"""Receipts and results of tests."""

from __future__ import annotations

import datetime as dt
import hashlib

from resources.protocols.ledger import FileState, Receipt, Result

MONDAY = dt.date(2024, 5, 27)
SEEN = FileState("3 2024-05-27T01:02:03", "a" * 64)
OTHER = FileState("4 2024-05-28T01:02:03", "b" * 64)


def receipt(seq: int, file: str = "card.csv", feed: str = "card") -> Receipt:
    digest = hashlib.sha256(f"{feed} {seq} {file}".encode()).hexdigest()
    return Receipt(feed, seq, file, 100 + seq, digest, MONDAY, dt.date(2024, 5, 1))


def result(number: int, fingerprint: str = "f1", text: str = '{"rows": 1}') -> Result:
    return Result(f"card-{number:06d}", fingerprint, text)


def incompressible(size: int, seed: str = "x") -> str:
    """Return a text of hex digits, of which compression leaves a little more than half."""
    words = (hashlib.sha512(f"{seed}{n}".encode()).hexdigest() for n in range(size // 128 + 1))
    return "".join(words)[:size]
