"""Two digits of a year mean one of the years that end with that of the business date."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.deliveries.movements import deliver_lines
from tests.deliveries.raw_home import DAY, Home


def birth_dates(home: Home, date: dt.date, *births: str) -> list[str | None]:
    """Return the birth dates that a CRM file of a business date gives."""
    crm = home.feeds["crm_customer"].model_dump(by_alias=True)
    crm["targets"] = {"birth_date": {"formats": ["%y%m%d", "%Y-%m-%d"]}}
    home.feeds["crm_customer"] = home.feeds["crm_customer"].model_validate(crm)
    lines = (f"{{'client_id': {i}, 'birth_date': '{b}'}}\n" for i, b in enumerate(births))
    home.deliver(f"crm/crm00{date:%Y%m%d}-1.json", "".join(lines))
    rows = home.rows(home.run("crm_customer"), "client_id, birth_date")
    return [None if b is None else b.isoformat() for _, b in rows]


def test_a_year_of_two_digits_is_not_after_the_business_date(home: Home) -> None:
    births = birth_dates(home, DAY, "450203", "680101", "690101", "240101", "991231", "2031-01-01")
    assert births == [
        "1945-02-03", "1968-01-01", "1969-01-01", "2024-01-01", "1999-12-31", "2031-01-01",
    ]  # fmt: skip


def test_next_year_or_99_years_ago_is_for_nobody_to_guess(home: Home) -> None:
    assert birth_dates(home, DAY, "250101", "260101") == [None, "1926-01-01"]
    found = home.quarantined(home.settle("crm_customer"), "line_no, rule, set_aside")
    assert found == [(1, "birth_date:format", "value")]


@pytest.mark.parametrize(
    ("date", "text", "read"),
    [
        # A file of an old date never gives dates of the 1800s; what is after it shows as such.
        (dt.date(1993, 1, 1), "961107", "1996-11-07"),
        (dt.date(1999, 12, 31), "010101", "1901-01-01"),
        (dt.date(2070, 1, 1), "690101", "2069-01-01"),
        (dt.date(2024, 5, 23), "000229", "2000-02-29"),
        # 1900 had no 29 February.
        (dt.date(1999, 12, 31), "000229", None),
    ],
)
def test_centuries(home: Home, date: dt.date, text: str, read: str | None) -> None:
    assert birth_dates(home, date, text) == [read]


def test_a_column_that_dates_the_record_has_a_fixed_century(home: Home) -> None:
    deliveries = deliver_lines(
        home,
        "1,7,690101,credit,,1,2",
        "2,7,680101,credit,,1,2",
        business_date={"from": "column", "column": "date"},
        targets={"date": {"formats": ["%y%m%d"]}},
    )
    dates = home.rows(deliveries, "business_date")
    assert [d.year for (d,) in dates] == [1969, 2068]


def test_other_columns_of_such_a_record_are_read_by_its_date(home: Home) -> None:
    card = home.feeds["crm_customer"].model_dump(by_alias=True)
    card |= {"business_date": {"from": "column", "column": "client_created_date"}}
    card["targets"] = {"birth_date": {"formats": ["%y%m%d"]}}
    home.feeds["crm_customer"] = home.feeds["crm_customer"].model_validate(card)
    lines = (
        f"{{'client_id': 1, 'birth_date': '450203', 'client_created_date': '{created}'}}\n"
        for created in ("2024-05-01", "2050-05-01")
    )
    home.deliver("crm/crm0020240523-1.json", "".join(lines))
    births = home.rows(home.run("crm_customer"), "birth_date")
    assert [b.isoformat() for (b,) in births] == ["1945-02-03", "2045-02-03"]
