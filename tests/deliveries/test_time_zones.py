"""A timestamp is the same instant on every machine, and one with an offset is read as UTC."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deliveries.movements import deliver_lines, deliver_parquet, parquet_rows
from tests.deliveries.raw_home import Home

CARD = "card/card0020240523-1.csv"
ROOT = Path(__file__).resolve().parents[2]
ZONES = [
    "America/New_York",
    "Asia/Kolkata",
    *(pytest.param(zone, marks=pytest.mark.slow) for zone in ("UTC", "Europe/Prague")),
]
_PROBE = """
import sys
from pathlib import Path
from tests.deliveries.test_time_zones import epoch_cards
for row in epoch_cards(Path(sys.argv[1])):
    print(row)
"""


def epoch_cards(root: Path) -> list[str]:
    """Return issue times of cards and an original record, as a machine of this zone has them."""
    home = Home(root)
    card = home.feeds["card"]
    raw = card.model_dump(by_alias=True)
    raw["columns"] = ["card_id", "disp_id", "type", "issued"]
    raw["targets"]["issued_datetime"] = {"expression": "from_unixtime(CAST(issued AS bigint))"}
    home.feeds["card"] = card.model_validate(raw)
    home.deliver(CARD, "4111111111111001,21,gold,1704070800\n4111111111111002,22,gold,1720000000\n")
    return [str(row[0]) for row in home.rows(home.run("card"), "issued_datetime")]


@pytest.mark.parametrize("zone", ZONES)
def test_an_expression_over_seconds_gives_utc_on_every_machine(tmp_path: Path, zone: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _PROBE, str(tmp_path)],
        env=os.environ | {"TZ": zone, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split("\n")[:2] == ["2024-01-01 01:00:00", "2024-07-03 09:46:40"]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2024-01-01T06:40:13.123+02:00", "2024-01-01T04:40:13.123"),
        ("2024-01-01 06:40:13-05:00", "2024-01-01T11:40:13"),
        ("2024-01-01 06:40:13.745232+02", "2024-01-01T04:40:13.745232"),
        ("2024-01-01T06:40:13+0530", "2024-01-01T01:10:13"),
        ("2024-01-01T06:40-0330", "2024-01-01T10:10:00"),
        ("2024-01-01 01:00:00.5000000 +02:00", "2023-12-31T23:00:00.5"),
        ("2024-01-01 06:40:13 UTC", "2024-01-01T06:40:13"),
        ("2024-01-01 06:40:13.25UTC", "2024-01-01T06:40:13.25"),
        ("2024-01-01T06:40:13Z", "2024-01-01T06:40:13"),
        ("2024-01-01T06:40:13+00", "2024-01-01T06:40:13"),
        ("2024-01-01 06:40:13.1234560", "2024-01-01T06:40:13.123456"),
        ("2024-03-31 02:30:00", "2024-03-31T02:30:00"),
        ("2024-05-23-10.11.12.123456", "2024-05-23T10:11:12.123456"),
        ("2024-05-23-10.11.12", "2024-05-23T10:11:12"),
    ],
)
def test_offsets_and_other_spellings_are_read_exactly(home: Home, text: str, utc: str) -> None:
    deliveries = deliver_lines(home, f"1,7,{text},credit,,1,2")
    assert home.rows(deliveries, "date") == [(dt.datetime.fromisoformat(utc),)]


def test_a_comma_before_the_fraction(home: Home) -> None:
    deliveries = deliver_lines(
        home,
        "1,7,2024-01-01 06:40:13;123,credit,,1,2".replace(";", ","),
        "2,7,2024-01-01T06:40:13;5+01:00,credit,,1,2".replace(";", ","),
        delimiter=";",
        columns=["line"],
        targets={
            "trans_id": {"expression": "split_part(line, ',', 1)"},
            "account_id": {"expression": "split_part(line, ',', 2)"},
            "date": {
                "expression": "concat(split_part(line, ',', 3), ',', split_part(line, ',', 4))"
            },
            "type": {"expression": "split_part(line, ',', 5)"},
            "operation": {"absent": True},
            "amount": {"expression": "split_part(line, ',', 7)"},
            "balance": {"absent": True},
        },
    )
    assert [row[0].isoformat() for row in home.rows(deliveries, "date")] == [
        "2024-01-01T05:40:13.500000",
        "2024-01-01T06:40:13.123000",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-01 06:40:13.1234567",
        "2024-01-01T06:40:13.1234567+02:00",
        "2024-01-01T24:00:00",
        "2024-05-23-24.00.00.000000",
        "2024-01-01T06:40:13+25:00",
        "2024-01-01T06:40:13 CET",
        "2024-01-01+02:00",
        "0001-01-01T00:30:00+02:00",
    ],
)
def test_what_is_no_exact_instant_is_quarantined(home: Home, text: str) -> None:
    good = "1,7,2024-05-01,credit,,1,2"
    deliveries = deliver_lines(home, good, f"2,7,{text},credit,,1,2")
    assert home.quarantined(deliveries, "line_no, rule") == [(2, "date:type")]


def test_parquet_with_a_zone(home: Home) -> None:
    values = ["TIMESTAMPTZ '2024-01-01 06:40:13.123456+02:00'", "NULL::TIMESTAMPTZ"]
    deliveries = deliver_parquet(home, parquet_rows("date", *values))
    assert home.rows(deliveries, "date") == [
        (dt.datetime.fromisoformat("2024-01-01T04:40:13.123456"),)
    ]
    assert home.quarantined(deliveries, "line_no, rule") == [(2, "date:not_null")]
