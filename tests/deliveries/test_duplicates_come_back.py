"""A duplicate waits for the file that it repeats: when that is corrected, no row is lost."""

from __future__ import annotations

from tests.deliveries.raw_home import Home
from tests.deliveries.test_in_force import MAY_1, card, cards, in_force, statuses


def reasons(home: Home) -> list[str | None]:
    return [row["reason"] for row in home.settle("card").manifest()]


def test_a_corrected_file_brings_back_the_one_that_repeated_its_bytes(home: Home) -> None:
    # The first file came with the content of the second by mistake.
    for part, ids in ((1, (2, 3)), (2, (2, 3)), (1, (1,))):
        home.deliver(card(1, part), cards(*ids))
        deliveries = home.run("card")
    assert statuses(deliveries) == ["superseded", "loaded", "loaded"]
    assert home.rows(deliveries, "disp_id") == [(1,), (2,), (3,)]
    assert in_force(deliveries, MAY_1) == ["card-000002", "card-000003"]


def test_of_several_duplicates_the_first_comes_back(home: Home) -> None:
    for part, ids in ((1, (2,)), (2, (2,)), (3, (2,)), (1, (1,))):
        home.deliver(card(1, part), cards(*ids))
        deliveries = home.run("card")
    assert statuses(deliveries) == ["superseded", "loaded", "duplicate", "loaded"]
    assert reasons(home)[2] == "same bytes as card-000002"
    assert home.rows(deliveries, "disp_id") == [(1,), (2,)]


def test_a_duplicate_that_was_corrected_itself_does_not_come_back(home: Home) -> None:
    for part, ids in ((1, (2,)), (2, (2,)), (2, (3,)), (1, (1,))):
        home.deliver(card(1, part), cards(*ids))
        deliveries = home.run("card")
    assert statuses(deliveries) == ["superseded", "superseded", "loaded", "loaded"]
    assert reasons(home)[1] == "superseded by card-000003"
    assert home.rows(deliveries, "disp_id") == [(1,), (3,)]


def test_a_file_that_comes_again_with_another_s_bytes_takes_its_own_rows_back(home: Home) -> None:
    for part, ids in ((1, (1,)), (2, (2,)), (1, (2,))):
        home.deliver(card(1, part), cards(*ids))
        deliveries = home.run("card")
    assert statuses(deliveries) == ["superseded", "loaded", "duplicate"]
    assert home.rows(deliveries, "disp_id") == [(2,)]
