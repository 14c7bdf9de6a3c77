"""A refused file is reported until it is delivered again, and no longer."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from customer360_assets.assembly import definitions_of
from customer360_assets.deliveries.awaiting_correction import awaiting_correction
from customer360_assets.feeds.loader import load_feeds
from customer360_assets.tables.specs import asset_key
from resources.deployment.deployment import deployment
from tests.run.deliveries import CARDS, DAY, card, card_file, crm_file
from tests.run.small_bank import SmallBank

D = dt.date.fromisoformat(DAY)


def _row(seq: int, status: str, file: str = "a.csv", feed: str = "card", day: int = 0) -> Any:
    date = D + dt.timedelta(days=day)
    return {
        "delivery_seq": seq,
        "status": status,
        "file": file,
        "feed": feed,
        "business_date": date,
    }


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([_row(1, "refused")], [1]),
        ([_row(1, "loaded"), _row(2, "refused")], [2]),
        ([_row(1, "refused"), _row(2, "loaded")], []),
        ([_row(1, "refused"), _row(2, "superseded"), _row(3, "loaded", "b.csv")], []),
        ([_row(1, "refused"), _row(2, "refused")], [1, 2]),
        # Another file of a date adds to it, unless the feed replaces by date.
        ([_row(1, "refused"), _row(2, "loaded", "b.csv")], [1]),
        ([_row(1, "refused", feed="account"), _row(2, "loaded", "b.csv", "account")], []),
        ([_row(1, "refused", feed="account"), _row(2, "loaded", "b.csv", "account", 1)], [1]),
        ([_row(1, "refused"), _row(2, "loaded", feed="crm_customer")], [1]),
    ],
)
def test_a_refused_file_is_reported_while_nothing_has_taken_its_place(
    rows: list[Any], expected: list[int], tmp_path: Path
) -> None:
    feeds = load_feeds(deployment(tmp_path).feeds)
    assert (feeds["card"].replaces, feeds["account"].replaces) == ("same_name", "same_date")
    assert [row["delivery_seq"] for row in awaiting_correction(rows, feeds)] == expected


@pytest.mark.slow
def test_the_check_of_refused_files_passes_again_once_the_file_is_corrected(
    tmp_path: Path,
) -> None:
    bank = SmallBank(tmp_path)
    job = definitions_of(bank.deployment, loggers={}).resolve_job_def("business_day")
    check = dg.AssetCheckKey(asset_key("raw.delivery"), "refused_files")

    def taken_in(name: str, content: str) -> tuple[bool, str]:
        bank.deliver({name: content})
        with bank.instance() as instance:
            done = job.execute_in_process(
                instance=instance, asset_selection=[asset_key("raw.delivery")], partition_key=DAY
            )
        (found,) = (e for e in done.get_asset_check_evaluations() if e.asset_check_key == check)
        return found.passed, str(found.description)

    passed, said = taken_in(card_file(), "\x00\x01garbage")
    assert not passed
    assert f"1 files refused: {card_file()}" in said
    # What else arrives mends nothing.
    assert not taken_in(crm_file(), "{'client_id': 5001}\n")[0]
    assert taken_in(card_file(), card(CARDS[0], 101)) == (
        True,
        "No refused file waits for its correction.",
    )
