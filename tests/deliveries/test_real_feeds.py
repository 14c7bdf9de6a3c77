"""Both banks' real deliveries, against counts made from the files without the platform."""

from __future__ import annotations

import ast
import collections
import csv
import datetime as dt
from pathlib import Path

import pytest

from customer360_assets.feeds import load_feeds
from tests.deliveries.raw_home import DATA, Home

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"the real deliveries are not here: {DATA}"
)
END_1993 = dt.date(1993, 12, 31)


def _home(root: Path, bank: str) -> Home:
    home = Home(root, load_feeds(bank))
    home.landing_dir.rmdir()
    home.landing_dir.symlink_to(DATA / bank)
    return home


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = _home(tmp_path_factory.mktemp("workshop"), "workshop")
    home.take_in()
    return home


@pytest.fixture(scope="module")
def berka(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = _home(tmp_path_factory.mktemp("berka"), "berka")
    home.take_in(END_1993)
    return home


def _csv(bank: str, name: str) -> list[dict[str, str]]:
    with (DATA / bank / name).open(newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


@pytest.mark.parametrize(
    ("feed", "records"),
    [
        ("card", 15127),
        ("account", 1999),
        ("disposition", 200),
        ("crm_customer", 500),
        ("ga_session", 50),
        ("web_visitor_map", 201),
    ],
)
def test_workshop_loads_whole(workshop: Home, feed: str, records: int) -> None:
    deliveries = workshop.settle(feed)
    manifest = deliveries.manifest()
    assert sum(row["loaded"] for row in manifest) == records == len(workshop.rows(deliveries))
    assert {row["status"] for row in manifest} == {"loaded"}
    assert {row["reason"] for row in manifest} == {None}


def test_workshop_crm_values_are_those_of_the_python_literals(workshop: Home) -> None:
    (file,) = (DATA / "workshop" / "crm").iterdir()
    expected = [ast.literal_eval(line) for line in file.read_text().splitlines()]
    rows = workshop.rows(
        workshop.settle("crm_customer"), "client_id, birth_date::varchar, age, occupation"
    )
    assert rows == sorted(
        (r["client_id"], r["birth_date"], r["age"], r["occupation"]) for r in expected
    )


def test_workshop_disposition_columns_are_read_in_file_order(workshop: Home) -> None:
    rows = workshop.rows(workshop.settle("disposition"), "line_no, account_id, disp_id, client_id")
    assert rows[0] == (1, 25, 1, 5277)


def test_workshop_visitors_keep_leading_zeros_and_size(workshop: Home) -> None:
    (file,) = (DATA / "workshop" / "visitors").iterdir()
    expected = collections.Counter(line.split(",")[0] for line in file.read_text().split())
    rows = workshop.rows(workshop.settle("web_visitor_map"), "full_visitor_id")
    assert collections.Counter(r[0] for r in rows) == expected
    assert any(v.startswith("0") for v in expected)


def test_workshop_sessions_are_dated_by_their_files(workshop: Home) -> None:
    deliveries = workshop.settle("ga_session")
    files = sorted(p.stem.removeprefix("ga_sessions_") for p in (DATA / "workshop/ga").iterdir())
    assert [f"{d:%Y%m%d}" for d in deliveries.expected_versions] == files


@pytest.mark.parametrize(
    ("feed", "file"),
    [
        ("transaction", "trans_1993.asc"),
        ("crm_customer", "client.asc"),
        ("account", "account.asc"),
        ("disposition", "disp.asc"),
        ("card", "card.asc"),
    ],
)
def test_berka_loads_whole(berka: Home, feed: str, file: str) -> None:
    deliveries = berka.settle(feed)
    (row,) = deliveries.manifest()
    assert (row["file"], row["loaded"], row["quarantined"]) == (file, len(_csv("berka", file)), 0)
    assert len(berka.rows(deliveries)) == row["loaded"]


def test_berka_credits_and_debits_are_those_of_the_file(berka: Home) -> None:
    expected: collections.Counter[tuple[str, str | None, str]] = collections.Counter()
    cents: collections.Counter[str] = collections.Counter()
    types = {"PRIJEM": "credit", "VYDAJ": "debit", "VYBER": "debit"}
    operations = {
        "VYBER KARTOU": "CCW",
        "VKLAD": "CCK",
        "PREVOD Z UCTU": "CAB",
        "VYBER": "WCA",
        "PREVOD NA UCET": "RAB",
        "": None,
    }
    for r in _csv("berka", "trans_1993.asc"):
        kind = types[r["type"]]
        expected[kind, operations[r["operation"].strip()], f"19{r['date']}"] += 1
        cents[kind] += round(float(r["amount"]) * 100)
    deliveries = berka.settle("transaction")
    rows = berka.rows(
        deliveries, "type, operation, strftime(business_date, '%Y%m%d'), date = business_date"
    )
    assert collections.Counter(r[:3] for r in rows) == expected
    assert {r[3] for r in rows} == {True}
    totals = berka.rows(deliveries, "type, CAST(amount * 100 AS BIGINT)")
    summed: collections.Counter[str] = collections.Counter()
    for kind, amount in totals:
        summed[kind] += amount
    assert summed == cents
    assert only_date(deliveries) == END_1993


def only_date(deliveries: object) -> dt.date:
    (row,) = deliveries.manifest()  # type: ignore[attr-defined]
    date: dt.date = row["business_date"]
    return date


def test_berka_birth_dates_are_computed_by_the_specification_alone(berka: Home) -> None:
    expected = {}
    for r in _csv("berka", "client.asc"):
        year, month, day = (int(r["birth_number"][i : i + 2]) for i in (0, 2, 4))
        expected[int(r["client_id"])] = dt.date(1900 + year, month % 50, day)
    rows = berka.rows(berka.settle("crm_customer"), "client_id, birth_date, age")
    assert {r[0]: r[1] for r in rows} == expected
    assert {r[2] for r in rows} == {None}


def test_berka_frequencies_and_issue_dates_are_conformed(berka: Home) -> None:
    frequencies = collections.Counter(
        r[0] for r in berka.rows(berka.settle("account"), "frequency")
    )
    assert frequencies == {"MI": 4167, "TI": 93, "WI": 240}
    issued = berka.rows(berka.settle("card"), "card_id, issued_datetime, card_last_four")
    by_card = {
        r["card_id"]: dt.datetime.strptime(r["issued"], "%y%m%d %H:%M:%S")  # noqa: DTZ007 as delivered
        for r in _csv("berka", "card.asc")
    }
    assert {r[0]: r[1] for r in issued} == by_card
    assert {r[2] for r in issued} == {None}


def test_berka_needs_no_web_feeds_and_names_foreign_files(berka: Home) -> None:
    assert set(berka.feeds) == {"account", "card", "crm_customer", "disposition", "transaction"}
    assert berka.take_in(END_1993).unmatched == ("district.asc", "loan.asc", "order.asc")
