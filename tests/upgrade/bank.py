"""A bank of three invented clients in three rounds: a late file, a correction, a bad record."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.run.deliveries import (
    CARDS,
    account,
    account_file,
    card,
    card_file,
    client,
    crm,
    crm_file,
    good_day,
    transactions,
)

Round = tuple[str, dict[str, str | bytes]]
FIRST, LAST = "2024-05-23", "2024-05-24"
LATE_FILE = f"transactions/{LAST}.parquet"
BAD_CARD = f"{CARDS[2]},no number,gold,2024-01-02T03:04:05.123456\n"


def rounds() -> tuple[Round, ...]:
    """Return what is delivered before each run, with the business date of the run."""
    second = good_day(LAST)
    del second[LATE_FILE]
    second[crm_file(LAST)] = crm(client(5001, occupation="miller"), client(5002), client(5003))
    return (
        (FIRST, good_day(FIRST) | {card_file(FIRST): card(CARDS[0], 101) + BAD_CARD}),
        (LAST, second),
        (
            LAST,
            {
                LATE_FILE: transactions(LAST, [(4, 12, "credit", "CCK", "20.05")]),
                account_file(FIRST, "180000"): account(11, 9) + account(12, 8) + account(13),
            },
        ),
    )


def deliver(landing: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files into a landing folder."""
    for name, content in files.items():
        path = landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
