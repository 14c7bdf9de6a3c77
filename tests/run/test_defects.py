"""A file of every defect that real deliveries have: the run ends well, each is where it belongs."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.run.deliveries import (
    ACCOUNTS,
    CARDS,
    DAY,
    DISPOSITIONS,
    MOVEMENTS,
    VISITOR,
    account_file,
    card,
    card_file,
    client,
    crm,
    crm_file,
    disposition_file,
    ga_file,
    good_day,
    json_lines,
    session,
    transactions,
)
from tests.run.small_bank import Ran, Row, SmallBank

HTML = "<!DOCTYPE html><html><body>Sign in</body></html>\n"
LATER = "2024-05-24"
LATE = "2024-05-20"
SPOILT_CARDS = {
    "unknown code": card(CARDS[2], 101, "platinum"),
    "a column more": card(CARDS[2], 101).rstrip("\n") + ",more\n",
    "a column fewer": f"{CARDS[2]},101,gold\n",
    "no date of its feed": f"{CARDS[2]},101,gold,02/01/24\n",
    "blank for a number": f'{CARDS[2]},"  ",gold,2024-01-02T03:04:05.123456\n',
}
SPOILT_LINES = {name: number for number, name in enumerate(SPOILT_CARDS, start=3)}
GOOD_CARDS = card(CARDS[0], 101) + card(CARDS[1], 102, "classic")
DEFECTS: dict[str, str | bytes] = {
    # Whole files that are not what they claim to be.
    ga_file("2024-05-22"): HTML,
    card_file(DAY, "100000"): HTML,
    account_file(DAY, "110000"): "",
    card_file(DAY, "120000"): (card(CARDS[2], 101) * 3)[:-9],
    card_file(DAY, "130000"): card(CARDS[2], 101).encode("utf-16"),
    crm_file(DAY, "140000"): crm(client(5001, occupation="pâtissier")).encode("latin-1"),
    # Records that are not what their feed says, each in a file of good ones.
    card_file(LATER, "010000"): "".join((GOOD_CARDS, *SPOILT_CARDS.values())),
    # Other spellings of good records.
    card_file(LATER, "020000"): '"4929000000000055","103","junior","2024-01-03"\n\n\n',
    account_file(LATER): b"\xef\xbb\xbf" + ACCOUNTS.replace("\n", "\r\n").encode() + b"\r\n\r\n",
    ga_file(LATER): json_lines(session("0043", 3, 1, newField={"a": 1})),
    crm_file(LATER): crm(client(5001, occupation=""), client(5002), client(5002, age=45)),
    # Ids that point at nothing, or are repeated.
    disposition_file(LATER): (
        DISPOSITIONS + "99,104,5001,owner\n13,105,5500,owner\n13,105,5500,owner\n"
    ),
    # The same again: under the same name on another day's delivery, under another name.
    card_file(DAY, "150000"): GOOD_CARDS,
    # Two files of one feed on a day, and a day that comes late while those between never come.
    card_file(DAY, "160000"): card("4929000000000044", 101, "junior"),
    f"transactions/{LATE}.parquet": transactions(LATE, [(9, 12, "debit", "CCW", "5.00")]),
    "transactions/again.parquet": transactions(DAY, [*MOVEMENTS, (4, 11, "debit", "RAB", "1.00")]),
    "notes.txt": "not a delivery",
}  # fmt: skip


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> SmallBank:
    return SmallBank(tmp_path_factory.mktemp("defects"))


@pytest.fixture(scope="module")
def ran(bank: SmallBank) -> Ran:
    bank.deliver({**good_day(), **DEFECTS})
    # A client of three is gone, and meant to be.
    return bank.run(LATER, accept_loss=["stage.customer"])


@pytest.fixture(scope="module")
def manifest(bank: SmallBank, ran: Ran) -> dict[str, Row]:
    return {row["file"]: row for row in bank.rows("SELECT * FROM raw.delivery")}


@pytest.fixture(scope="module")
def quarantined(bank: SmallBank, ran: Ran) -> list[Row]:
    names = [t for t in bank.platform().lake.tables() if t.startswith("quarantine.")]
    return bank.rows(" UNION ALL ".join(f"SELECT * FROM {name}" for name in names))


def test_the_run_ends_well_and_names_what_was_refused(ran: Ran, manifest: dict[str, Row]) -> None:
    assert ran.code == 0, ran.output
    for file, row in manifest.items():
        assert (f"{file} was refused" in ran.output) == (row["status"] == "refused")
    assert "notes.txt: belongs to no feed" in ran.output


@pytest.mark.parametrize(
    ("file", "status", "reason"),
    [
        (ga_file("2024-05-22"), "refused", "an HTML page"),
        (card_file(DAY, "100000"), "refused", "an HTML page"),
        (account_file(DAY, "110000"), "refused", "empty: 0 bytes"),
        (card_file(DAY, "120000"), "refused", "truncated"),
        (card_file(DAY, "130000"), "refused", "UTF-16 text"),
        (crm_file(DAY, "140000"), "refused", "not utf-8"),
        (card_file(DAY, "150000"), "duplicate", "same bytes as card-"),
        (ga_file(LATER), "loaded", "fields not in the specification: newField"),
    ],
)
def test_a_file_is_reported_by_status_and_reason(
    manifest: dict[str, Row], file: str, status: str, reason: str
) -> None:
    assert manifest[file]["status"] == status
    assert manifest[file]["reason"].startswith(reason)
    assert "5001" not in manifest[file]["reason"]


def test_every_other_file_is_loaded(manifest: dict[str, Row]) -> None:
    odd = {f for f, row in manifest.items() if row["status"] != "loaded"}
    assert set(manifest) == ({*good_day(), *DEFECTS} - {"notes.txt"})
    assert len(odd) == 7
    assert manifest[card_file(LATER, "010000")]["records"] == 7
    assert manifest[card_file(LATER, "010000")]["quarantined"] == 4


def test_records_are_in_quarantine_as_delivered(
    manifest: dict[str, Row], quarantined: list[Row]
) -> None:
    file, clients = card_file(LATER, "010000"), crm_file(LATER)
    found = {(r["line_no"], r["rule"], r["caught_by"], r["record"]) for r in quarantined}
    expected = {
        ("unknown code", "type:isin", "stage/card"),
        ("a column more", "record:column_count", "raw/card"),
        ("a column fewer", "record:column_count", "raw/card"),
        ("no date of its feed", "issued_datetime:type", "raw/card"),
        ("blank for a number", "disp_id:not_null", "raw/card"),
    }
    # Two different records of one client: the last one stands.
    conflict = (2, "record:key_conflict", "stage/customer", repr(client(5002)))
    assert found == {
        (SPOILT_LINES[name], rule, by, SPOILT_CARDS[name].rstrip("\n"))
        for name, rule, by in expected
    } | {conflict}
    assert {r["delivery_id"] for r in quarantined} == {
        manifest[name]["delivery_id"] for name in (file, clients)
    }
    assert {r["file"] for r in quarantined} == {file, clients}
    assert {r["set_aside"] for r in quarantined} == {"record"}
    assert {str(r["business_date"]) for r in quarantined} == {LATER}


def test_every_delivered_record_is_in_one_place(bank: SmallBank, manifest: dict[str, Row]) -> None:
    loaded = [r for r in manifest.values() if r["status"] == "loaded"]
    assert all(r["records"] == r["loaded"] + r["quarantined"] for r in loaded)
    raw = bank.platform().lake
    for feed in {r["feed"] for r in loaded}:
        in_table = sum(raw.dates(f"raw.{feed}").values())
        assert in_table == sum(r["loaded"] for r in loaded if r["feed"] == feed), feed


def _counts(bank: SmallBank, tables: Iterable[str]) -> dict[str, int]:
    lake = bank.platform().lake
    return {f"{t} {d}": n for t in tables for d, n in lake.dates(t).items()}


def test_rows_of_every_table(bank: SmallBank, ran: Ran) -> None:
    assert _counts(bank, ("stage.customer", "stage.account", "stage.disposition")) == {
        f"stage.customer {DAY}": 3,
        f"stage.customer {LATER}": 2,  # 5002 is there twice
        f"stage.account {DAY}": 3,
        f"stage.account {LATER}": 3,  # byte-order mark, CRLF, trailing blank lines
        f"stage.disposition {DAY}": 3,
        f"stage.disposition {LATER}": 5,  # one repeated
    }
    assert _counts(bank, ("stage.card", "stage.transaction", "stage.web_session")) == {
        f"stage.card {DAY}": 3,  # two files of the day
        f"stage.card {LATER}": 3,
        f"stage.transaction {LATE}": 1,
        f"stage.transaction {DAY}": 4,  # three of them delivered twice, counted once
        f"stage.web_session {DAY}": 2,
        f"stage.web_session {LATER}": 1,
    }
    assert _counts(bank, ("profile.customer_360",)) == {f"profile.customer_360 {LATER}": 2}


def test_orphans_and_repeats_are_reported_and_kept(bank: SmallBank, ran: Ran) -> None:
    customers, dispositions = bank.query(
        "SELECT client_id, occupation, age FROM stage.customer ORDER BY client_id",
        "SELECT account_id, disp_id, client_id FROM stage.disposition WHERE disp_id > 103"
        " ORDER BY disp_id",
    )
    assert customers == [
        {"client_id": 5001, "occupation": None, "age": 44},
        {"client_id": 5002, "occupation": "baker", "age": 45},
    ]
    assert [tuple(r.values()) for r in dispositions] == [(99, 104, 5001), (13, 105, 5500)]


def test_visitors_keep_their_digits_and_their_weight(bank: SmallBank, ran: Ran) -> None:
    visitors, profile = bank.query(
        "SELECT DISTINCT full_visitor_id FROM stage.web_session ORDER BY 1",
        "SELECT sum(web_sessions_weighted) AS sessions, sum(web_hits_weighted) AS hits,"
        " sum(web_sessions) AS met FROM profile.customer_360",
    )
    assert [r["full_visitor_id"] for r in visitors] == ["0042", "0043", VISITOR]
    (sums,) = profile
    assert (sums["sessions"], sums["hits"], sums["met"]) == (2, 5, 3)


def test_again_does_nothing(bank: SmallBank, ran: Ran) -> None:
    again = bank.run(LATER)
    assert (again.code, again.steps) == (0, ())
