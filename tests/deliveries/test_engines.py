"""Deliveries parsed several at once, by engines that are kept, are parsed as one by one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from customer360_assets.deliveries.feed_deliveries import (
    parse_outstanding,
    read_deliveries,
    settled,
)
from customer360_assets.deliveries.formats.errors import ParseError
from customer360_assets.deliveries.parsing import parse
from customer360_assets.deliveries.parsing.draft import Draft
from customer360_assets.deliveries.parsing.engines import Engines
from customer360_assets.deliveries.parsing.job import ParsingJob
from customer360_assets.deliveries.parsing.write import Written
from tests.deliveries.raw_home import Home
from tests.patience import PATIENCE

CARDS = "".join(f"555555555555444{i},{i},gold,2024-01-02T03:04:05.123456\n" for i in range(9))
BROKEN = {3: "bad\n", 5: "\0", 7: '"never closed,1,gold,x\n'}


def outcome(root: Path, threads: int) -> Any:
    home = Home(root)
    for day in range(1, 13):
        home.deliver(f"card/card00202405{day:02}-1.csv", CARDS + BROKEN.get(day, ""))
    home.take_in()
    found = settled(parse_outstanding(read_deliveries(home.job("card", threads=threads))))
    hidden = {path.name for path in home.lake.rglob(".*")}
    return found.manifest(), home.rows(found), home.quarantined(found, "*"), hidden


def test_several_at_once_give_what_one_after_the_other_gives(tmp_path: Path) -> None:
    manifest, rows, quarantined, hidden = outcome(tmp_path / "one", 1)
    assert {r["status"] for r in manifest} >= {"loaded", "refused"}
    assert len(rows) >= len(CARDS.splitlines())
    assert quarantined
    assert hidden == {".lock"}
    assert outcome(tmp_path / "three", 3) == (manifest, rows, quarantined, hidden)


def delivered(root: Path, days: int) -> Home:
    home = Home(root)
    for day in range(1, days + 1):
        home.deliver(f"card/card00202405{day:02}-1.csv", CARDS)
    home.take_in()
    return home


def one_by_one(home: Home) -> ParsingJob:
    return replace(home.job("card", threads=2), together=1)


def test_deliveries_are_worked_on_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, together, write = (
        delivered(tmp_path, 2),
        Barrier(2, timeout=PATIENCE),
        parse.write_records,
    )

    def meeting(*given: Any) -> Written:
        together.wait()
        return write(*given)

    monkeypatch.setattr(parse, "write_records", meeting)
    assert len(home.rows(settled(parse_outstanding(read_deliveries(one_by_one(home)))))) == 2 * 9
    assert not together.broken


def test_an_engine_is_kept_unless_something_went_wrong_with_it(tmp_path: Path) -> None:
    with Engines(tmp_path / "spill", 1, 9) as engines:
        with engines.one(small=True) as first:
            first.execute("SET VARIABLE seen = 1")
        with engines.one(small=True) as second:
            assert second.execute("SELECT getvariable('seen')").fetchone() == (1,)
        with pytest.raises(KeyError), engines.one(small=True):
            raise KeyError("a failure")
        with engines.one(small=True) as third:
            assert third.execute("SELECT getvariable('seen')").fetchone() == (None,)


def test_the_first_failure_keeps_the_rest_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, started = delivered(tmp_path, 30), list[str]()

    def failing(draft: Draft, *_rest: object) -> Written:
        started.append(draft.delivery.delivery_id)
        raise ValueError

    monkeypatch.setattr(parse, "write_records", failing)
    job = one_by_one(home)
    with pytest.raises(ParseError, match="card-000001: cannot be parsed: ValueError"):
        parse.parse([entry.delivery for entry in read_deliveries(job).entries], job)
    assert 0 < len(started) < 30
