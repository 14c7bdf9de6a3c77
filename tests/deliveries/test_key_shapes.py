"""Keys that are text have the shape that their feed states; one card has one token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from customer360_assets.feeds import FeedSpec, load_feeds
from tests.deliveries.raw_home import DATA, KEY, Home, only

NUMBER = "4111111111111111"
ISSUED = "7,gold,2024-01-02T03:04:05"


def cards(home: Home, *numbers: str) -> list[tuple[Any, ...]]:
    good = "5555555555554444"
    lines = [f"{number},{ISSUED}\n" for number in (good, *numbers)]
    home.deliver("card/card0020240523-1.csv", "".join(lines))
    deliveries = home.run("card")
    assert only(deliveries)["records"] == 1 + len(numbers), only(deliveries)["reason"]
    rows = home.rows(deliveries, "line_no, card_id, card_token, card_last_four")
    assert rows[0] == (1, good, KEY.token(good), "4444")
    return rows[1:]


@pytest.mark.parametrize(
    "spelling",
    [
        NUMBER,
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111\u00a01111\u00a01111\u00a01111",
        "4111\u202f1111\u20071111\u20101111",
        "4111 - 1111 - 1111 - 1111",
        f" {NUMBER} ",
        f"\t\u00a0{NUMBER}\u00a0",
        f"\u200b\ufeff{NUMBER}",
        f'"{NUMBER}"',
        '" 4111 1111 1111 1111"',
    ],
)
def test_one_card_has_one_token_whatever_its_spelling(home: Home, spelling: str) -> None:
    delivered = spelling.strip('"')
    assert cards(home, spelling) == [(2, delivered, KEY.token(NUMBER), "1111")]


@pytest.mark.parametrize(
    "number",
    [
        '="4111111111111111"',
        "4.11111E+15",
        "411111******1111",
        "XXXXXXXXXXXX1111",
        "0",
        "41111111111",
        "41111111111111111111",
        "-4111111111111111",
        "4111111111111111-",
        "4111111111111111.0",
        "\uff14" * 16,
        "4111 1111",
        "Total",
        "'4111111111111111",
    ],
)
def test_what_is_no_card_number_goes_to_quarantine(home: Home, number: str) -> None:
    assert cards(home, number) == []
    (found,) = home.quarantined(home.settle("card"), "line_no, rule, set_aside, record")
    assert found == (2, "card_token:shape", "record", f"{number},{ISSUED}")


def test_a_number_of_19_digits_and_one_of_12(home: Home) -> None:
    numbers = ["4111111111111111113", "501800000009"]
    assert [r[2:] for r in cards(home, *numbers)] == [
        (KEY.token(numbers[0]), "1113"),
        (KEY.token(numbers[1]), "0009"),
    ]


def test_a_missing_number_is_named_as_missing(home: Home) -> None:
    assert cards(home, " ") == []
    ((rule,),) = home.quarantined(home.settle("card"), "rule")
    assert rule == "card_id:not_null"


def own(home: Home, *ids: str) -> list[tuple[Any, ...]]:
    """Cards of a feed that states no shape: its ids are the bank's own."""
    card = home.feeds["card"].model_dump(by_alias=True)
    card["targets"]["card_token"]["shape"] = None
    home.feeds = {"card": FeedSpec.model_validate(card)}
    return cards(home, *ids)


def test_a_dash_in_an_id_that_is_no_card_number_is_kept(home: Home) -> None:
    ids = ["1-23", "12-3", "AB-1234567890123", "1005"]
    assert [row[2:] for row in own(home, *ids)] == [(KEY.token(i), None) for i in ids]


@pytest.mark.parametrize(
    "visitor",
    ["Rows:", '="0123"', "1.23E+15", "(not set)", "null", "12-34", "\ufeffx", "\uff11\uff12"],
)
def test_what_is_no_visitor_goes_to_quarantine(home: Home, visitor: str) -> None:
    home.deliver("visitors/v.csv", f"0123,1\n{visitor},2\n456,3\n")
    deliveries = home.run("web_visitor_map")
    assert home.rows(deliveries, "full_visitor_id, client_id") == [("0123", 1), ("456", 3)]
    assert home.quarantined(deliveries, "line_no, rule") == [(2, "full_visitor_id:shape")]


def test_blanks_around_a_visitor_are_no_part_of_it(home: Home) -> None:
    home.deliver("visitors/v.csv", ' 0123 ,1\n\u00a00123,2\n"\ufeff0123",3\n\t0123\t,4\n')
    deliveries = home.run("web_visitor_map")
    assert home.rows(deliveries, "full_visitor_id") == [("0123",)] * 4


def test_the_visitor_of_a_session_has_the_same_shape(home: Home) -> None:
    session = '{{"fullVisitorId":{},"visitId":1,"visitStartTime":2}}\n'
    ids = ['"0123"', '" 0123"', '"x1"', "1.5e15", '"\\ufeff0123"']
    home.deliver("ga/ga_sessions_20240523.json", "".join(map(session.format, ids)))
    deliveries = home.run("ga_session")
    assert home.rows(deliveries, "line_no, full_visitor_id") == [
        (1, "0123"),
        (2, "0123"),
        (5, "0123"),
    ]
    rule = "full_visitor_id:shape"
    assert home.quarantined(deliveries, "line_no, rule") == [(3, rule), (4, rule)]


def test_a_shape_is_that_of_the_delivered_text_before_codes(home: Home) -> None:
    account = home.feeds["account"].model_dump(by_alias=True)
    account["targets"] = {"frequency": {"codes": {"M": "MI", "xx": "WI"}, "shape": "[A-Z]"}}
    home.feeds = {"account": FeedSpec.model_validate(account)}
    lines = [f"{i},7,{f},2024-01-01\n" for i, f in enumerate(["M", " M ", "xx", "Z"], start=1)]
    home.deliver("account/account0020240523-1.csv", "".join(lines))
    deliveries = home.run("account")
    assert home.rows(deliveries, "account_id, frequency") == [(1, "MI"), (2, "MI")]
    assert home.quarantined(deliveries, "line_no, rule") == [
        (3, "frequency:shape"),
        (4, "frequency:code"),
    ]


def test_a_number_of_a_parquet_file_has_the_same_token(home: Home) -> None:
    changes = {"format": "parquet", "pattern": "*.parquet", "business_date": "run"}
    card = home.feeds["card"].model_dump(by_alias=True) | changes
    home.feeds = {"card": FeedSpec.model_validate(card)}
    path = home.landing_dir / "card/c.parquet"
    path.parent.mkdir()
    duckdb.execute(
        f"COPY (SELECT {NUMBER} AS card_id, 7 AS disp_id, 'gold' AS type,"
        f" TIMESTAMP '2024-01-01' AS issued_datetime) TO '{path}'"
    )
    rows = home.rows(home.run("card"), "card_token, card_last_four")
    assert rows == [(KEY.token(NUMBER), "1111")]


@pytest.mark.parametrize(
    "sample", ["berka/card.asc", "workshop/visitors", "workshop/card", "workshop/ga"]
)
def test_every_key_of_the_samples_has_its_shape(tmp_path: Path, sample: str) -> None:
    bank, _, place = sample.partition("/")
    if not (DATA / sample).exists():
        pytest.skip(f"no sample {sample} beside the project")
    home = Home(tmp_path, load_feeds(bank))
    files = [DATA / sample] if place == "card.asc" else sorted((DATA / sample).iterdir())
    for file in files:
        home.deliver(file.name if bank == "berka" else f"{place}/{file.name}", file.read_bytes())
    feed = {"visitors": "web_visitor_map", "ga": "ga_session"}.get(place, "card")
    deliveries = home.run(feed)
    rules = [rule for (rule,) in home.quarantined(deliveries, "rule")]
    assert deliveries.manifest()
    assert [r for r in rules if r.endswith(":shape")] == []
