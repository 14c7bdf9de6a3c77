"""What is in force after redeliveries, corrections, duplicates and changes of a specification."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import pytest

from customer360_assets.contracts import contract
from customer360_assets.deliveries.feed_deliveries import FeedDeliveries, manifest
from customer360_assets.deliveries.parsing.failures import ParseFailuresError
from customer360_assets.deliveries.parsing.original import original_records
from customer360_assets.deliveries.parsing.write import ConservationError
from resources.deployment.card_token import CardKey, CardKeyError
from tests.deliveries.raw_home import DAY, KEY, Home
from tests.deliveries.raw_parquet import parquet

NOTHING = hashlib.sha256(b"").hexdigest()
MAY_1, MAY_2 = dt.date(2024, 5, 1), dt.date(2024, 5, 2)


def account(day: int, hour: int = 6) -> str:
    return f"account/account00202405{day:02d}-{hour:02d}0000.csv"


def card(day: int, part: int = 1) -> str:
    return f"card/card00202405{day:02d}-{part}.csv"


def cards(*disp_ids: int) -> str:
    return "".join(f"555555555555444{d},{d},gold,2024-01-02T03:04:05.123456\n" for d in disp_ids)


def accounts(*ids: int) -> str:
    return "".join(f"{i},1,MI,2024-01-02T03:04:05.123456\n" for i in ids)


def statuses(deliveries: FeedDeliveries) -> list[str]:
    return [row["status"] for row in deliveries.manifest()]


def in_force(deliveries: FeedDeliveries, date: dt.date) -> list[str]:
    return [d.delivery_id for d in deliveries.in_force(date)]


def test_the_newest_snapshot_of_a_date_replaces_the_others(home: Home) -> None:
    home.deliver(account(1), accounts(1, 2))
    home.deliver(account(2), accounts(1, 2, 3))
    home.run("account")
    home.deliver(account(1, 9), accounts(1))
    deliveries = home.run("account")
    assert statuses(deliveries) == ["superseded", "loaded", "loaded"]
    assert in_force(deliveries, MAY_1) == ["account-000003"]
    assert home.rows(deliveries, "business_date, account_id") == [
        (MAY_1, 1),
        (MAY_2, 1),
        (MAY_2, 2),
        (MAY_2, 3),
    ]
    assert deliveries.manifest()[0]["reason"] == "superseded by account-000003"
    assert deliveries.manifest()[0]["records"] == 2


def test_of_two_snapshots_in_one_intake_the_later_name_wins(home: Home) -> None:
    # Written in the other order: the times of files play no part.
    home.deliver(account(1, 9), accounts(9))
    home.deliver(account(1, 7), accounts(7))
    deliveries = home.run("account")
    assert statuses(deliveries) == ["superseded", "loaded"]
    assert home.rows(deliveries, "account_id, delivery_seq") == [(9, 2)]


def test_a_snapshot_of_an_earlier_name_wins_when_it_is_delivered_later(home: Home) -> None:
    home.deliver(account(1, 9), accounts(9))
    home.run("account")
    home.deliver(account(1, 7), accounts(7))
    deliveries = home.run("account")
    assert statuses(deliveries) == ["superseded", "loaded"]
    assert home.rows(deliveries, "account_id, delivery_seq") == [(7, 2)]


def test_a_corrected_extract_moves_a_record_to_an_earlier_date(home: Home) -> None:
    file = home.landing_dir / "transactions/t.parquet"
    parquet(file, "(1, DATE '2024-05-02', 1.5)")
    home.run("transaction")
    parquet(file, "(1, DATE '2024-05-01', 1.5)")
    deliveries = home.run("transaction")
    assert deliveries.partition_files(MAY_2, MAY_2) == {MAY_2: ()}
    assert home.rows(deliveries, "business_date, trans_id, delivery_seq") == [(MAY_1, 1, 2)]


def test_delta_files_of_a_date_add_up_and_a_redelivered_name_replaces_itself(home: Home) -> None:
    home.deliver(card(1, 1), cards(1))
    home.deliver(card(1, 2), cards(2, 3))
    home.run("card")
    home.deliver(card(1, 2), cards(4))
    deliveries = home.run("card")
    assert in_force(deliveries, MAY_1) == ["card-000001", "card-000003"]
    assert home.rows(deliveries, "disp_id, delivery_seq, line_no") == [(1, 1, 1), (4, 3, 1)]


@pytest.mark.parametrize(
    ("feed", "name", "make"), [("account", account, accounts), ("card", card, cards)]
)
def test_bytes_that_come_back_win_again(home: Home, feed: str, name: Any, make: Any) -> None:
    for ids in ((1,), (2,), (1,)):
        home.deliver(name(1), make(*ids))
        deliveries = home.run(feed)
    assert statuses(deliveries) == ["superseded", "superseded", "loaded"]
    assert home.rows(deliveries, "delivery_id") == [(f"{feed}-000003",)]


def test_the_same_bytes_under_another_name_are_a_duplicate(home: Home) -> None:
    home.deliver(card(1, 1), cards(1, 2))
    home.deliver(card(1, 2), cards(1, 2))
    home.deliver(card(2, 1), cards(1, 2))
    deliveries = home.run("card")
    assert statuses(deliveries) == ["loaded", "duplicate", "loaded"]
    row = deliveries.manifest()[1]
    assert row["reason"] == "same bytes as card-000001"
    assert (row["records"], row["loaded"]) == (None, None)
    assert len(home.rows(deliveries)) == 4
    assert not [name for name in home.results() if name.startswith("card-000002")]


def test_bytes_of_a_superseded_snapshot_under_a_new_name_are_a_correction(home: Home) -> None:
    for hour, ids in ((6, (1,)), (7, (2,)), (8, (1,))):
        home.deliver(account(1, hour), accounts(*ids))
    deliveries = home.run("account")
    assert statuses(deliveries) == ["superseded", "superseded", "loaded"]


def test_a_delivery_after_the_run_s_date_leaves_earlier_dates_alone(home: Home) -> None:
    home.deliver(account(1), accounts(1))
    before = home.run("account", MAY_1).expected_versions
    home.deliver(account(2), accounts(1, 2))
    after = home.run("account", MAY_1).expected_versions
    assert after[MAY_1] == before[MAY_1]
    assert list(after) == [MAY_1, MAY_2]


def test_a_corrected_extract_empties_the_dates_that_it_no_longer_has(home: Home) -> None:
    file = home.landing_dir / "transactions/t.parquet"
    parquet(file, "(1, DATE '2024-05-01', 1.5), (2, DATE '2024-05-02', 2)")
    first = home.run("transaction")
    assert set(first.expected_versions) == {MAY_1, MAY_2}
    parquet(file, "(1, DATE '2024-05-01', 9.5)")
    deliveries = home.run("transaction")
    assert deliveries.expected_versions[MAY_2] == NOTHING
    assert deliveries.expected_versions[MAY_1] not in (NOTHING, first.expected_versions[MAY_1])
    assert deliveries.partition_files(MAY_2, MAY_2) == {MAY_2: ()}
    assert [str(r[0]) for r in home.rows(deliveries, "amount")] == ["9.50"]
    assert deliveries.manifest()[1]["business_date"] == MAY_1


def test_a_changed_specification_parses_again_and_keeps_both_results_apart(home: Home) -> None:
    home.deliver(card(1), cards(1))
    first = home.run("card")
    home.feeds["card"] = home.feeds["card"].model_copy(update={"nulls": ("gold",)})
    assert home.settle("card").manifest()[0]["reason"].startswith("no record fits the feed")
    home.feeds["card"] = home.feeds["card"].model_copy(update={"nulls": ("none",)})
    second = home.settle("card")
    assert first.expected_versions[MAY_1] != second.expected_versions[MAY_1]
    assert len(home.results()) == 3
    assert len(home.rows(second)) == 1


def test_a_date_that_only_an_earlier_specification_loaded_is_emptied(home: Home) -> None:
    home.deliver(card(1), cards(1))
    home.run("card")
    home.feeds["card"] = home.feeds["card"].model_copy(update={"nulls": ("gold",)})
    assert home.settle("card").expected_versions == {MAY_1: NOTHING}


def test_another_card_key_never_mixes_its_tokens(home: Home) -> None:
    home.deliver(card(1), cards(1))
    home.take_in()
    first, kept = home.settle("card"), home.results()
    with pytest.raises(CardKeyError, match="another key than the one"):
        home.settle("card", CardKey(bytes(32)))
    assert home.results() == kept
    assert home.rows(home.settle("card"), "card_token") == home.rows(first, "card_token")


def test_card_tokens_are_the_hmac_of_the_number_and_the_key_is_nowhere(home: Home) -> None:
    home.deliver(card(1), cards(1) + "  501800004444 ,9,gold,\n")
    deliveries = home.run("card")
    rows = home.rows(deliveries, "card_id, card_token, card_last_four")
    assert rows == sorted(
        [
            ("5555555555554441", KEY.token("5555555555554441"), "4441"),
            ("  501800004444 ", KEY.token("501800004444"), "4444"),
        ]
    )
    kept = b"".join(p.read_bytes() for p in home.lake.rglob("*") if p.is_file())
    assert KEY.secret.hex().encode() not in kept
    assert KEY.secret not in kept


def test_parsing_again_reads_the_marker_alone(home: Home) -> None:
    home.deliver(card(1), cards(1))
    home.run("card")
    before = {p: p.stat().st_mtime_ns for p in home.lake.rglob("*") if p.is_file()}
    (receipt,) = home.ledger.receipts("card")
    home.archive.path(receipt.sha256).unlink()
    home.settle("card")
    assert {p: p.stat().st_mtime_ns for p in home.lake.rglob("*") if p.is_file()} == before


def test_an_empty_delta_is_a_delivery_and_an_empty_snapshot_is_not(home: Home) -> None:
    from customer360_assets.feeds import load_feeds

    home.feeds = load_feeds("berka")
    home.deliver("trans_1993.asc", "trans_id;account_id;date;type;operation;amount;balance\r\n")
    home.deliver("disp.asc", "disp_id;client_id;account_id;type\r\n")
    (transactions,) = home.run("transaction").manifest()
    (dispositions,) = home.settle("disposition").manifest()
    assert (transactions["status"], transactions["records"]) == ("loaded", 0)
    assert dispositions["status"] == "refused"
    assert dispositions["reason"] == "empty: a snapshot without records"


def test_the_manifest_lists_the_dates_that_each_delivery_makes(home: Home) -> None:
    rows = ", ".join(f"({n}, DATE '2024-{n:02d}-28', 1.5)" for n in (5, 3))
    parquet(home.landing_dir / "transactions/t.parquet", rows)
    home.deliver(account(1), accounts(1))
    home.deliver(account(1, 9), accounts(1, 2))
    home.deliver(card(2), cards(1))
    manifests = {feed: home.run(feed).manifest() for feed in ("account", "card", "transaction")}
    listed = {f: [row["dates_in_force"] for row in rows] for f, rows in manifests.items()}
    # Superseded; dated by the name; dated by the records.
    assert listed == {
        "account": [None, "2024-05-01"],
        "card": ["2024-05-02"],
        "transaction": ["2024-03-28 2024-05-28"],
    }


def test_headers_are_matched_by_name(home: Home) -> None:
    from customer360_assets.feeds import load_feeds

    home.feeds = load_feeds("berka")
    home.deliver("disp_1.asc", 'TYPE;"account_id";new;Client_Id;disp_id\n"OWNER";3;x;2;1\n')
    home.deliver("disp_2.asc", "type;account_id\nOWNER;1\n")
    deliveries = home.run("disposition")
    assert home.rows(deliveries, "disp_id, client_id, account_id, type") == [(1, 2, 3, "owner")]
    reasons = [row["reason"] for row in deliveries.manifest()]
    assert reasons == [
        "fields not in the specification: new",
        "the header lacks disp_id, client_id",
    ]


def test_originals_are_found_by_line(home: Home) -> None:
    home.deliver(card(1), "bad,x,gold,\r\n\r\n" + cards(1).replace("\n", "\r\n") + "odd\rline\n")
    parquet(home.landing_dir / "transactions/t.parquet", "(7, DATE '2024-05-01', 1.5)")
    deliveries = home.run("card")
    (entry,) = deliveries.entries
    scratch = home.landing_dir.parent / "scratch"
    found = original_records(entry.delivery, home.feeds["card"], home.archive, [4, 1, 99], scratch)
    assert found.to_pylist() == [
        {"line_no": 1, "record": "bad,x,gold,"},
        {"line_no": 4, "record": "odd\rline"},
    ]
    (entry,) = home.settle("transaction").entries
    found = original_records(entry.delivery, home.feeds["transaction"], home.archive, [1], scratch)
    assert '"trans_id":7' in found.to_pylist()[0]["record"]


def test_the_manifest_has_the_columns_of_its_contract(home: Home) -> None:
    home.deliver(card(1), cards(1))
    home.deliver(account(1), accounts(1))
    home.take_in()
    feeds = {feed: home.settle(feed) for feed in ("card", "account")}
    rows = manifest(feeds)
    assert [r["delivery_id"] for r in rows] == ["account-000001", "card-000001"]
    assert list(rows[0]) == [c.name for c in contract("raw.delivery").columns]


def test_a_lost_record_is_an_error(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from customer360_assets.deliveries.formats import source

    home.deliver(card(1), cards(1) + "\nbad\n")
    home.take_in(DAY)
    monkeypatch.setattr(source, "not_blank", lambda line: f"{line} <> 'bad'")
    with pytest.raises(
        ParseFailuresError, match="2 records delivered, 1 loaded, 0 quarantined"
    ) as raised:
        home.settle("card")
    assert isinstance(raised.value.__cause__, ConservationError)
    assert home.results() == {}
