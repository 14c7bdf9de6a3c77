"""What a ledger promises, asked of each of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from resources.protocols.ledger import MOST_RECEIPTS, Ledger, Receipt, Result
from tests.ledger.records import MONDAY, OTHER, SEEN, incompressible, receipt, result

Process = Callable[[], Ledger]


def test_a_new_ledger_knows_nothing(process: Process) -> None:
    ledger = process()
    assert ledger.revision("card") == 0
    assert ledger.receipts("card") == []
    assert ledger.results("card") == []
    assert ledger.states("card", "seen") == {}
    assert ledger.noted("key") is None
    assert ledger.register([])


def test_receipts_come_back_exactly_and_in_order(process: Process) -> None:
    first = Receipt("card", 1, "in/Ä ü.csv", 0, "a" * 64, MONDAY, None)
    second = Receipt("card", 2, "b.csv", 2**40, "b" * 64, MONDAY, None, "no business date: x")
    third = Receipt("card", 3, "c.csv", 3, "c" * 64, MONDAY, dt.date(1999, 12, 31))
    ledger = process()
    assert ledger.register([first, second])
    assert ledger.receipts("card") == [first, second]
    assert process().register([third])
    assert ledger.receipts("card") == [first, second, third]
    assert process().receipts("card") == [first, second, third]


def test_feeds_are_counted_each_for_itself(process: Process) -> None:
    ledger = process()
    assert ledger.register([receipt(1)])
    assert ledger.register([receipt(1, feed="card_2")])
    assert ledger.receipts("card") == [receipt(1)]
    assert ledger.receipts("card_2") == [receipt(1, feed="card_2")]
    assert ledger.receipts("car") == []


@pytest.mark.parametrize("numbers", [[2], [0], [1, 3], [1, 1], [2, 1]])
def test_a_gap_is_refused_and_nothing_is_kept(process: Process, numbers: list[int]) -> None:
    assert not process().register([receipt(n, f"{n}-{i}") for i, n in enumerate(numbers)])
    assert process().receipts("card") == []
    assert process().revision("card") == 0


@pytest.mark.parametrize("numbers", [[1], [2], [1, 2, 3], [2, 3], [4]])
def test_a_number_is_given_once(process: Process, numbers: list[int]) -> None:
    kept = [receipt(1, "first"), receipt(2, "second")]
    assert process().register(kept)
    assert not process().register([receipt(n, "another") for n in numbers])
    assert process().receipts("card") == kept
    assert process().register([receipt(3, "third")])
    assert [r.file for r in process().receipts("card")] == ["first", "second", "third"]


def test_of_processes_that_race_for_numbers_each_gets_its_own(process: Process) -> None:
    process().note("ready", "")

    def take_three(name: str) -> int:
        ledger, refused = process(), 0
        for _ in range(3):
            while True:
                seq = len(ledger.receipts("card")) + 1
                if ledger.register([receipt(seq, name), receipt(seq + 1, name)]):
                    break
                refused += 1
        return refused

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(take_three, "abcd"))
    kept = process().receipts("card")
    assert [r.seq for r in kept] == list(range(1, 25))
    assert {name: sum(r.file == name for r in kept) for name in "abcd"} == dict.fromkeys("abcd", 6)
    # Two of a transaction stand together.
    assert all(kept[n].file == kept[n + 1].file for n in range(0, 24, 2))


def test_of_many_that_want_one_number_one_gets_it(process: Process) -> None:
    process().note("ready", "")
    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(lambda name: process().register([receipt(1, name)]), "abcdef"))
    assert sum(won) == 1
    assert process().receipts("card") == [receipt(1, "abcdef"[won.index(True)])]


@pytest.mark.slow
def test_a_thousand_receipts_in_order(process: Process) -> None:
    ledger, name = process(), "x" * 900
    for start in range(1, 1_001, MOST_RECEIPTS):
        part = [receipt(n, f"{name}{n}") for n in range(start, start + MOST_RECEIPTS)]
        assert ledger.register(part)
    kept = process().receipts("card")
    assert [r.seq for r in kept] == list(range(1, 1_001))
    assert kept[776] == receipt(777, f"{name}777")


def test_the_first_result_of_a_delivery_and_fingerprint_stands(process: Process) -> None:
    process().note_results("card", [result(1, text="one"), result(1, text="again")])
    process().note_results(
        "card", [result(2, text="two"), result(1, text="three"), result(1, "f0", "four")]
    )
    wanted = [result(1, "f0", "four"), result(1, "f1", "one"), result(2, "f1", "two")]
    assert process().results("card") == wanted
    assert process().results("account") == []


def test_results_by_delivery_then_fingerprint(process: Process) -> None:
    given = [Result(name, print_, "") for name in ("a", "a#", "a!") for print_ in ("2", "10")]
    process().note_results("card", given)
    assert process().results("card") == sorted(given)


def test_a_result_that_is_forgotten_may_be_another(process: Process) -> None:
    ledger = process()
    ledger.note_results("card", [result(1), result(2)])
    assert len(ledger.results("card")) == 2
    process().forget_result("card", "card-000001", "f1")
    process().forget_result("card", "card-000001", "unknown")
    assert ledger.results("card") == [result(2)]
    process().note_results("card", [result(1, text="new")])
    assert ledger.results("card") == [result(1, text="new"), result(2)]


def test_a_large_result_is_whole(process: Process) -> None:
    large = [result(n, text=incompressible(size)) for n, size in ((1, 900_000), (3, 3_000_000))]
    process().note_results("card", [*large, result(2)])
    assert process().results("card") == [large[0], result(2), large[1]]
    process().note_results("card", [result(1, text="second")])
    process().forget_result("card", "card-000003", "f1")
    assert process().results("card") == [large[0], result(2)]


@pytest.mark.slow
def test_many_results_at_once(process: Process) -> None:
    given = [result(n, text=incompressible(9_000, f"{n}/")) for n in range(1, 1_001)]
    process().note_results("card", given[400:420])
    process().note_results("card", given)
    assert process().results("card") == given


def test_each_receipt_and_result_is_a_revision(process: Process) -> None:
    ledger, seen = process(), [0]
    for change in (
        lambda: ledger.register([receipt(1)]),
        lambda: ledger.note_results("card", [result(1)]),
        lambda: ledger.register([receipt(2), receipt(3)]),
        lambda: ledger.note_results("card", [result(2), result(3)]),
        lambda: ledger.forget_result("card", "card-000002", "f1"),
        lambda: ledger.note_results("card", [result(2)]),
    ):
        change()
        seen.append(process().revision("card"))
    assert seen == sorted(set(seen))
    assert not ledger.register([receipt(9)])
    ledger.note_states("card", "seen", {"a": SEEN})
    ledger.note("key", "text")
    assert process().revision("card") == seen[-1]
    assert process().revision("account") == 0


def test_the_states_are_those_noted_last_and_no_others(process: Process) -> None:
    one, two = process(), process()
    for states in (
        {"a.csv": SEEN, "ü/b.csv": OTHER},
        {"a.csv": OTHER},
        {},
        {f"{n}.csv": SEEN for n in range(60)},
        {f"{n}.csv": (SEEN, OTHER)[n % 2] for n in range(20, 90)},
    ):
        one.note_states("card", "seen", states)
        assert two.states("card", "seen") == states
        assert one.states("card", "seen") == states
        two.note_states("card", "seen", states)
    assert two.states("card", "taken") == two.states("account", "seen") == {}
    two.note_states("card", "taken", {"a.csv": SEEN})
    one.note_states("card", "seen", {})
    assert one.states("card", "taken") == {"a.csv": SEEN}


def test_another_process_may_note_other_states(process: Process) -> None:
    one, two = process(), process()
    one.note_states("card", "taken", {"a.csv": SEEN})
    two.note_states("card", "taken", {"b.csv": SEEN})
    one.note_states("card", "taken", {"a.csv": SEEN})
    assert two.states("card", "taken") == {"a.csv": SEEN}


def test_the_first_note_of_a_name_stays(process: Process) -> None:
    assert process().note("key", "first") == "first"
    assert process().note("key", "second") == "first"
    assert process().noted("key") == "first"
    assert process().note("other", "") == ""
    assert process().noted("other") == ""


def test_of_many_first_notes_one_is_kept(process: Process) -> None:
    process().note("ready", "")
    with ThreadPoolExecutor(6) as pool:
        returned = set(pool.map(lambda text: process().note("key", text), "abcdef"))
    assert returned == {process().noted("key")}


def test_what_a_caller_does_with_a_list_stays_with_it(process: Process) -> None:
    ledger = process()
    ledger.register([receipt(1)])
    ledger.note_results("card", [result(1)])
    ledger.note_states("card", "seen", {"a.csv": SEEN})
    for found in (ledger.receipts("card"), ledger.results("card"), ledger.states("card", "seen")):
        found.clear()
    assert ledger.receipts("card") == [receipt(1)]
    assert ledger.results("card") == [result(1)]
    ledger.states("card", "seen").clear()
    ledger.note_states("card", "seen", {})
    assert process().states("card", "seen") == {}


def test_a_receipt_is_what_it_was_after_all_else(process: Process) -> None:
    kept = replace(receipt(1), file="a.csv")
    process().register([kept])
    process().note_results("card", [result(1)])
    process().forget_result("card", "card-000001", "f1")
    process().note_states("card", "seen", {"a.csv": SEEN})
    process().note_states("card", "seen", {})
    assert process().receipts("card") == [kept]
