"""Bad records hold personal data: it stays in the archive, in raw and in quarantine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.run.conftest import customer360
from tests.run.deliveries import (
    DAY,
    DISPOSITIONS,
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
)
from tests.run.other_code import other_sql
from tests.run.small_bank import SmallBank

CARD = "4929000000001234"
NAME = "Zebedee Quillfeather"
BORN = "1931-07-19"
MARKERS = (CARD, NAME, BORN, "1931, 7, 19", "Quillfeather")
NEXT = "2024-05-24"

SPOILT: dict[str, str | bytes] = {
    card_file(DAY, "010000"): (
        card("4929000000000011", 101)
        + card(CARD, 101, "platinum")
        + f"{CARD},{NAME},gold,{BORN}\n"
        + f'{CARD},101,"gold,{BORN}T00:00:00\n'
    ),
    card_file(DAY, "020000"): f"<html>{NAME} {CARD}</html>",
    card_file(DAY, "030000"): (card(CARD, 101) * 3)[:-9],
    crm_file(DAY, "070000"): crm(
        client(5001),
        client(5002),
        client(5003),
        client("5004x", birth_date=BORN, occupation=NAME),
        client(-5005, birth_date=BORN, occupation=NAME),
        client(None, birth_date=BORN, occupation=NAME),
        # A value that is set aside: the client's row is published without it.
        client(5008, age=NAME),
        client(5009, birth_date=f"{BORN}x"),
    )
    + f"{{'client_id': 5007, 'birth_date': '{BORN}', 'occupation': '{NAME}\n",
    disposition_file(DAY, "070000"): DISPOSITIONS + f"11,108,5001,{NAME}\n",
    ga_file(NEXT): json_lines(
        session(NAME, 4, visitStartTime=NAME),
        session("0042", 5, device={"deviceCategory": NAME}),
        session("0042", 6),
    ),
    f"visitors/{DAY}.csv": f"0042,5001\n{NAME},5002,{CARD}\n",
}


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> SmallBank:
    bank = SmallBank(tmp_path_factory.mktemp("privacy"))
    bank.deliver({**good_day(), **SPOILT})
    return bank


@pytest.fixture(scope="module")
def printed(bank: SmallBank) -> str:
    """Return what the command printed, of its whole process."""
    ran = customer360(
        "run", "--landing", bank.landing, "--home", bank.home, "--business-date", NEXT
    )
    assert ran.code == 0, ran.output
    return ran.output


def _markers_in(text: str | bytes) -> set[str]:
    known = text if isinstance(text, bytes) else text.encode()
    return {m for m in MARKERS if m.encode() in known}


def _files(folder: Path) -> Iterator[Path]:
    return (p for p in folder.rglob("*") if p.is_file())


def test_the_records_are_in_quarantine(bank: SmallBank, printed: str) -> None:
    queries = [
        f"SELECT record FROM quarantine.{f}" for f in ("card", "crm_customer", "disposition")
    ]
    text = "".join(str(r["record"]) for r in bank.rows(" UNION ALL ".join(queries)))
    assert _markers_in(text) == set(MARKERS) - {"1931, 7, 19"}
    (count,) = bank.rows(
        "SELECT (SELECT count(*) FROM quarantine.card) AS card,"
        " (SELECT count(*) FROM quarantine.crm_customer) AS crm,"
        " (SELECT count(*) FROM quarantine.disposition) AS disposition,"
        " (SELECT count(DISTINCT line_no) FROM quarantine.ga_session) AS web"
    )
    assert count == {"card": 3, "crm": 6, "disposition": 1, "web": 2}


def test_nothing_is_printed(printed: str) -> None:
    assert _markers_in(printed) == set()


def test_nothing_is_in_what_dagster_records(bank: SmallBank, printed: str) -> None:
    seen = list(_files(bank.home / "dagster"))
    assert any(p.suffix == ".db" for p in seen)
    assert {p: found for p in seen if (found := _markers_in(p.read_bytes()))} == {}


def test_nothing_is_in_any_other_file(bank: SmallBank, printed: str) -> None:
    """Parquet is read as rows: its pages are compressed."""
    for path in _files(bank.home):
        place = path.relative_to(bank.home).parts
        if place[0] == "archive" or place[:2] in (("lake", "raw"), ("lake", "quarantine")):
            continue
        assert _markers_in(path.read_bytes()) == set(), path
        if path.suffix == ".parquet":
            with contextlib.closing(duckdb.connect()) as db:
                rows = db.execute(
                    "FROM read_parquet(?, hive_partitioning = false) AS t"
                    " SELECT CAST(t AS varchar)",
                    [str(path)],
                ).fetchall()
            assert _markers_in(repr(rows)) == set(), path


def test_metadata_of_raw_and_quarantine_shows_no_value(bank: SmallBank, printed: str) -> None:
    for path in _files(bank.home / "lake"):
        if path.suffix != ".parquet":
            assert _markers_in(path.read_bytes()) == set(), path


@pytest.mark.parametrize(
    ("file", "was", "now"),
    [
        (
            "stage/card.sql",
            "nullif(trim(type), '') AS type",
            "CAST(CAST(nullif(trim(type), '') AS bigint) AS varchar) AS type",
        ),
        (
            "stage/customer.sql",
            "nullif(trim(occupation), '') AS occupation",
            "CAST(CAST(occupation AS date) AS varchar) AS occupation",
        ),
    ],
)
def test_a_failing_cast_shows_no_value(
    bank: SmallBank,
    printed: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    file: str,
    was: str,
    now: str,
) -> None:
    with other_sql(tmp_path, file, was, now):
        ran = bank.run(NEXT)
    seen = capfd.readouterr()
    assert ran.code == 1
    assert f"stage.{Path(file).stem}" in ran.output
    for text in (ran.output, seen.out, seen.err):
        assert _markers_in(text) == set()
        assert "platinum" not in text
    for path in _files(bank.home / "dagster"):
        content = path.read_bytes()
        assert _markers_in(content) == set(), path
        assert b"platinum" not in content, path
