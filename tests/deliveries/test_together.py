"""What small deliveries give that one query parses is what each gives by itself."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from customer360_assets.deliveries.feed_deliveries import (
    FeedDeliveries,
    parse_outstanding,
    read_deliveries,
    settled,
)
from customer360_assets.deliveries.parsing import clean, parse, together
from customer360_assets.deliveries.parsing.draft import Draft
from customer360_assets.deliveries.parsing.write import Written
from resources.protocols.work import Work
from tests.deliveries.movements import movement_feed
from tests.deliveries.odd_files import CASES, FORMS, files
from tests.deliveries.raw_home import Home

ONE, MANY = 1, 1_000
Outcome = Mapping[str, Any]


def parsed(root: Path, form: str, together: int) -> FeedDeliveries:
    home = Home(root, {"transaction": FORMS[form]})
    for name, content in files(form).values():
        home.deliver(name, content)
    home.take_in()
    home.deliver(files(form)["redelivered"][0], files(form)["many"][1])
    home.take_in()
    return settled(
        parse_outstanding(read_deliveries(replace(home.job("transaction"), together=together)))
    )


def outcome(deliveries: FeedDeliveries) -> dict[str, Outcome]:
    """Return, by case, all that is known of its deliveries: files byte for byte."""
    found: dict[str, dict[str, Any]] = {case: {} for case in CASES}
    manifest = {row["delivery_id"]: row for row in deliveries.manifest()}
    names = {name: case for case, (name, _) in files_of(deliveries).items()}
    for entry in deliveries.entries:
        name = deliveries.job.name_of(entry.delivery)
        folder, kept = deliveries.job.folder / name, deliveries.job.quarantine_of(name)
        found[names[entry.delivery.file]][entry.own] = {
            "manifest": manifest.get(entry.own),
            "parsed": entry.parsed,
            "rows": {
                str(file.relative_to(folder)): read(file)
                for file in sorted(folder.rglob("*.parquet"))
            },
            "quarantine": read(kept) if kept.exists() else None,
        }
    return found


def files_of(deliveries: FeedDeliveries) -> Mapping[str, tuple[str, bytes]]:
    (form,) = (form for form, spec in FORMS.items() if spec is deliveries.spec)
    return files(form)


def read(file: Path) -> Any:
    """Return the schema of a Parquet file and its rows in their order."""
    schema = duckdb.execute(
        "SELECT name, type, logical_type, repetition_type, converted_type FROM parquet_schema(?)",
        [str(file)],
    ).fetchall()
    rows = duckdb.execute("FROM read_parquet(?, hive_partitioning = false)", [str(file)]).fetchall()
    return schema, rows


QUICK = {"by_column", "header", "json_lines"}
PARAMS = [f if f in QUICK else pytest.param(f, marks=pytest.mark.slow) for f in FORMS]


@pytest.fixture(scope="module", params=PARAMS)
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Outcome], dict[str, Outcome]]:
    one, many = (
        outcome(parsed(tmp_path_factory.mktemp("home"), request.param, together))
        for together in (ONE, MANY)
    )
    return one, many


@pytest.mark.parametrize("case", CASES)
def test_as_by_itself(both: tuple[dict[str, Outcome], dict[str, Outcome]], case: str) -> None:
    one, many = both
    assert one[case]
    assert many[case] == one[case]


LINE = "{number},7,2024-05-02,credit,CCK,{number}.50,2\n"


def small_files(home: Home, count: int, odd: Mapping[int, str] = {}) -> None:
    """Deliver files of two lines; the number of a movement shows its file and line."""
    home.feeds = {"transaction": movement_feed()}
    for file in range(1, count + 1):
        lines = (LINE.format(number=10 * file + line) for line in (1, 2))
        home.deliver(f"t-{file:02}", "".join(lines) + odd.get(file, ""))
    home.take_in()


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """List the deliveries that are parsed by themselves."""
    seen, plain = list[int](), parse.write_records

    def noted(draft: Draft, *given: Any) -> Written:
        seen.append(draft.delivery.seq)
        return plain(draft, *given)

    monkeypatch.setattr(parse, "write_records", noted)
    return seen


@pytest.fixture
def queried(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """List how many deliveries each query is for."""
    seen, plain = list[int](), together.write_clean

    def noted(members: Any, *given: Any) -> Any:
        seen.append(len(members))
        return plain(members, *given)

    monkeypatch.setattr(together, "write_clean", noted)
    return seen


def test_only_what_is_odd_is_parsed_by_itself(home: Home, alone: list[int]) -> None:
    odd = {3: "bad\n", 5: '"never closed\n', 9: "91,7,2024-05-02,credit,CCK,1,x\n"}
    small_files(home, 12, odd)
    rows = home.rows(home.settle("transaction"), "delivery_seq, line_no, trans_id")
    assert sorted(alone) == [3, 5, 9]
    clean_rows = {(file, line, 10 * file + line) for file in range(1, 13) for line in (1, 2)}
    assert {*rows} == {*clean_rows, (9, 3, 91)}


def test_the_most_that_one_query_is_for(home: Home, queried: list[int]) -> None:
    small_files(home, 12)
    settled(parse_outstanding(read_deliveries(replace(home.job("transaction"), together=5))))
    assert queried == [5, 5, 2]


def test_a_large_file_is_parsed_by_itself(home: Home, alone: list[int]) -> None:
    small_files(home, 3, {2: "\n" * together.SMALL_BYTES})
    assert len(home.rows(home.settle("transaction"))) == 6
    assert alone == [2]


def test_a_file_that_fails_the_query_is_found_by_halves(
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    alone: list[int],
    queried: list[int],
) -> None:
    work = Work("run", "run", "raw.delivery", "2024-05-23", logging.getLogger("step"))
    monkeypatch.setattr(together, "current_work", lambda: work)
    small_files(home, 8)
    plain = clean.join

    def failing(parts: Any, to: Path) -> Any:
        if any(b"\n62," in part.body for part in parts):
            raise duckdb.IOException("a failure")
        return plain(parts, to)

    monkeypatch.setattr(clean, "join", failing)
    assert len(home.rows(home.settle("transaction"))) == 16
    assert alone == [5, 6]
    assert queried == [8, 4, 4, 2, 2]
    assert [record.getMessage() for record in caplog.records] == [
        f"{count} deliveries of transaction are parsed in smaller groups: one query for all of"
        " them failed (IOException)"
        for count in (8, 4, 2)
    ]


def test_damaged_content_stops_no_other(home: Home) -> None:
    small_files(home, 4)
    damaged = home.ledger.receipts("transaction")[1]
    path = home.archive.path(damaged.sha256)
    path.chmod(0o644)
    path.write_bytes(b"x" + path.read_bytes()[1:])
    found = parse_outstanding(read_deliveries(home.job("transaction")))
    assert [delivery.seq for delivery, _ in found.failures] == [2]
    assert {entry.delivery.seq for entry in found.entries if entry.parsed} == {1, 3, 4}


def test_what_a_killed_run_left_is_cleared(home: Home) -> None:
    small_files(home, 3)
    left = home.job("transaction").folder / ".transaction-000001-together.partial"
    (left / "0").mkdir(parents=True)
    assert len(home.rows(home.settle("transaction"))) == 6
    assert {path.name for path in home.lake.rglob(".*")} == {".lock"}


def test_what_is_parsed_is_not_parsed_again(home: Home, queried: list[int]) -> None:
    small_files(home, 4)
    job = home.job("transaction")
    deliveries = [entry.delivery for entry in read_deliveries(job).entries]
    first, rest = parse.parse(deliveries[:2], job), parse.parse(deliveries, job)
    assert [p.delivery_id for p in (*first, *rest)] == [d.delivery_id for d in deliveries]
    assert queried == [2, 2]
