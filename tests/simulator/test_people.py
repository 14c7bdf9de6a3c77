"""The bank's clients, accounts and cards look like a bank's."""

from pathlib import Path

from simulator.simulate import Simulated
from tests.simulator.conftest import Query


def good_rows(bank: Simulated, folder: str, columns: int) -> list[list[str]]:
    """Rows of the newest file of a folder that have the right number of columns."""
    newest = max((bank.landing / folder).iterdir())
    rows = [line.split(",") for line in newest.read_text().splitlines()]
    return [row for row in rows if len(row) == columns]


def test_ages_occupations_and_homes(query: Query) -> None:
    ((young, middle, old),) = query(
        "SELECT avg((age < 25)::INT), avg((age BETWEEN 25 AND 64)::INT), avg((age >= 65)::INT)"
        " FROM (SELECT date_sub('year', birth_date, DATE '2024-06-30') AS age FROM customer)"
    )
    assert 0.05 < young < 0.25
    assert 0.5 < middle < 0.8
    assert 0.08 < old < 0.3
    assert query(
        "SELECT count(*) FROM customer WHERE occupation = 'retired'"
        " AND date_sub('year', birth_date, DATE '2024-06-30') < 60"
    ) == [(0,)]
    owners = query(
        "SELECT avg((home_ownership = 'O')::INT) FROM customer GROUP BY birth_date > DATE"
        " '1989-06-30' ORDER BY birth_date > DATE '1989-06-30'"
    )
    assert owners[0][0] > owners[1][0] + 0.2
    assert query("SELECT DISTINCT marital_status FROM customer ORDER BY 1") == [
        ("D",),
        ("M",),
        ("S",),
    ]


def test_ids_rise_with_the_day_of_joining(query: Query) -> None:
    assert query(
        "SELECT count(*) FROM (SELECT client_created_date < lag(client_created_date) OVER"
        " (ORDER BY client_id) AS back FROM customer) WHERE back"
    ) == [(0,)]


def test_households_are_pairs_and_share_accounts(query: Query) -> None:
    assert query(
        "SELECT DISTINCT n FROM (SELECT count(*) AS n FROM household GROUP BY household_id)"
    ) == [(2,)]
    kinds = query("SELECT second_type, count(*) FROM joint_account GROUP BY 1 ORDER BY 1")
    assert [kind for kind, _ in kinds] == ["owner", "user"]
    assert kinds[0][1] < kinds[1][1]
    assert query(
        "SELECT count(*) FROM joint_account AS j LEFT JOIN household AS a ON"
        " a.client_id = j.first_client_id LEFT JOIN household AS b ON"
        " b.client_id = j.second_client_id WHERE a.household_id IS DISTINCT FROM"
        " b.household_id"
    ) == [(0,)]


def test_card_numbers_pass_the_check_digit_and_are_nobody_s(bank: Simulated) -> None:
    first = min((bank.landing / "card").iterdir())
    numbers = [line.split(",")[0] for line in first.read_text().splitlines() if line]
    assert len(numbers) > 300
    for number in numbers:
        assert number.startswith("99999")
        assert len(number) == 16
        digits = [int(digit) for digit in reversed(number)]
        doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
        assert (sum(digits[::2]) + sum(doubled)) % 10 == 0


def test_visitors_are_text_and_many_to_many(bank: Simulated) -> None:
    pairs = good_rows(bank, "visitors", 2)
    visitors: dict[str, set[str]] = {}
    clients: dict[str, set[str]] = {}
    for visitor, client in pairs:
        visitors.setdefault(visitor, set()).add(client)
        clients.setdefault(client, set()).add(visitor)
    assert any(visitor.startswith("0") for visitor in visitors)
    assert any(int(visitor) > 2**63 for visitor in visitors)
    assert any(len(of) >= 3 for of in visitors.values())
    assert any(len(of) >= 2 for of in clients.values())


def test_clients_without_accounts_are_in_no_disposition(bank: Simulated, query: Query) -> None:
    without = {str(client) for (client,) in query("FROM client_without_account")}
    assert without
    assert not without & {row[2] for row in good_rows(bank, "gbank", 4)}


def test_nothing_is_left_beside_the_parts(bank: Simulated) -> None:
    assert sorted(path.name for path in Path(bank.out).iterdir()) == [
        "bank", "bank.json", "crm", "landing", "redeliveries", "truth",
    ]  # fmt: skip
