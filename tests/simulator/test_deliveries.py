"""What the truth says is planted is there, and nothing else is wrong."""

import hashlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from simulator.arrivals import deliver
from simulator.defects import FILE_KINDS, ROW_KINDS
from simulator.settings import DefectShares
from simulator.simulate import Simulated, simulate
from tests.simulator.conftest import Query

COLUMNS = {"account": 4, "card": 4, "disposition": 4, "web_visitor_map": 2}
ENCODINGS = {"wrong_encoding": "utf-16", "byte_order_mark": "utf-8-sig"}


def lines(path: Path) -> list[str]:
    head = path.read_bytes()[:3]
    encoding = "utf-16" if head[:2] == b"\xff\xfe" else "utf-8-sig"
    return path.read_text(encoding=encoding).splitlines()


def is_broken(line: str) -> bool:
    try:
        json.loads(line)
    except json.JSONDecodeError:
        return True
    return False


SPOILT: dict[str, Callable[[str, str, int], bool]] = {
    "unknown_code": lambda line, before, columns: "XX" in line.split(","),
    "quoted_number": lambda line, before, columns: line.startswith('"'),
    "date_shape": lambda line, before, columns: "T" not in line.split(",")[3],
    "bad_date": lambda line, before, columns: line.split(",")[3].startswith("31.02."),
    "column_more": lambda line, before, columns: line.count(",") == columns,
    "column_fewer": lambda line, before, columns: line.count(",") == columns - 2,
    "blank_line": lambda line, before, columns: line == "",
    "repeated_id": lambda line, before, columns: line == before,
    "orphan": lambda line, before, columns: any(
        len(field) == 9 and field.startswith("9") for field in line.split(",")
    ),
    "new_field": lambda line, before, columns: "privacyInfo" in json.loads(line),
    "broken_json": lambda line, before, columns: is_broken(line),
}


def test_every_kind_of_row_defect_stands_where_the_truth_says(
    bank: Simulated, query: Query
) -> None:
    planted = query("SELECT feed, file, line_no, kind FROM defect WHERE line_no IS NOT NULL")
    assert {(feed, kind) for feed, _, _, kind in planted} == {
        (feed, kind) for feed, kinds in ROW_KINDS.items() for kind in kinds
    }
    read = {file: lines(bank.landing / file) for _, file, _, _ in planted}
    wrong = [
        (file, line_no, kind)
        for feed, file, line_no, kind in planted
        if not SPOILT[kind](read[file][line_no - 1], read[file][line_no - 2], COLUMNS.get(feed, 0))
    ]
    assert wrong == []


def test_rows_without_a_planted_defect_are_sound(bank: Simulated, query: Query) -> None:
    planted = set(query("SELECT file, line_no FROM defect WHERE line_no IS NOT NULL"))
    loaded = query("SELECT feed, target FROM delivery WHERE expected = 'loaded'")
    for feed, target in loaded:
        for number, line in enumerate(lines(bank.landing / target), start=1):
            if (target, number) not in planted:
                if feed == "ga_session":
                    assert json.loads(line)["fullVisitorId"].isdigit()
                else:
                    assert len(line.split(",")) == COLUMNS[feed]
                    assert '"' not in line


def test_every_kind_of_file_defect_is_planted(bank: Simulated, query: Query) -> None:
    found = query("SELECT feed, kind, file FROM defect WHERE line_no IS NULL")
    assert {(feed, kind) for feed, kind, _ in found} == {
        *((feed, kind) for feed, kinds in FILE_KINDS.items() for kind in kinds),
        ("web_visitor_map", "corrected"),
    }
    for _, kind, file in found:
        path = (bank.out if kind == "corrected" else bank.landing) / file
        assert path.exists() == (kind != "missing")
        content = path.read_bytes() if path.exists() else b""
        assert (kind == "html") == content.startswith(b"<!DOCTYPE html>")
        assert (kind == "wrong_encoding") == (b"\0" in content)
        assert (kind == "byte_order_mark") == content.startswith(b"\xef\xbb\xbf")
        assert (kind == "crlf") == (b"\r\n" in content)
        assert (kind in ("truncated", "missing")) == (content[-1:] not in (b"\n", b"\0"))


def test_line_counts_and_duplicates(bank: Simulated, query: Query) -> None:
    rows = query("SELECT source, lines FROM delivery WHERE expected <> 'refused'")
    assert [(s, n) for s, n in rows if len(lines(bank.out / s)) != n] == []
    for feed, other in query("SELECT feed, source FROM delivery WHERE expected = 'duplicate'"):
        folder = (bank.out / other).parent
        hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()]
        assert len(set(hashes)) < len(hashes), feed


def test_days_arrive_with_earlier_versions_first(
    bank: Simulated, query: Query, tmp_path: Path
) -> None:
    ((target, day),) = query(
        "SELECT target, arrives_on FROM delivery WHERE expected = 'superseded'"
        " AND feed = 'account' ORDER BY seq LIMIT 1"
    )
    first = deliver(bank, tmp_path, until=day)
    assert (tmp_path / target).read_bytes() == (bank.out / "redeliveries" / target).read_bytes()
    rest = deliver(bank, tmp_path, after=day, until=date(2024, 12, 31))
    assert (tmp_path / target).read_bytes() == (bank.landing / target).read_bytes()
    assert len(first) + len(rest) == bank.files
    late = query(
        "SELECT arrives_on - business_date FROM delivery JOIN defect ON file = target"
        " WHERE kind = 'late_delivery'"
    )
    assert set(late) == {(2,)}
    assert deliver(bank, tmp_path, after=date(2024, 12, 31), until=date(2025, 1, 1)) == []


def test_the_last_snapshot_holds_every_account(bank: Simulated, query: Query) -> None:
    ((target,),) = query(
        "SELECT arg_max(target, business_date) FROM delivery WHERE feed = 'account'"
    )
    known = {str(account) for (account,) in query("SELECT account_id FROM account")}
    assert {line.split(",")[0].strip('"') for line in lines(bank.landing / target) if line} == known


@pytest.mark.slow
def test_every_card_arrives_once(tmp_path: Path) -> None:
    shares = {"html": 0.3, "late_delivery": 0.2}
    made = simulate(
        tmp_path, 800, 80, defects=DefectShares(**{**DefectShares.none().__dict__, **shares})
    )
    cards = [
        line.split(",")[0]
        for path in (made.landing / "card").iterdir()
        for line in path.read_text().splitlines()
        if line.startswith("9")
    ]
    assert len(cards) == len(set(cards))
    sound = simulate(tmp_path / "sound", 800, 80, defects=DefectShares.none())
    expected = sum(len(lines(path)) for path in (sound.landing / "card").iterdir())
    assert len(cards) == expected


def test_sessions_add_up_to_the_truth(tmp_path: Path) -> None:
    made = simulate(tmp_path, 300, 40, defects=DefectShares.none())
    sessions = [
        json.loads(line) for path in (made.landing / "ga").iterdir() for line in lines(path)
    ]
    keys = {(s["fullVisitorId"], s["visitId"], s["visitStartTime"]) for s in sessions}
    assert len(keys) == len(sessions)
    assert all(s["totals"]["hits"] == len(s["hits"]) for s in sessions)
    assert all((s["totals"]["bounces"] == 1) == (len(s["hits"]) == 1) for s in sessions)
    assert len({s["channelGrouping"] for s in sessions}) >= 5
