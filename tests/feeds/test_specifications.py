"""A specification is read whole or refused with its file, its key and what would be right."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from customer360_assets.contracts import contract
from customer360_assets.feeds import FeedError, FeedSpec, load_feeds
from customer360_assets.feeds.dates import date_in_name

GOOD: dict[str, Any] = {
    "feed": "account",
    "system": "origination",
    "pattern": "*.csv",
    "format": "delimited",
    "columns": ["account_id", "branch", "frequency", "opened"],
    "business_date": {"from": "file_name", "pattern": "acc_%Y%m%d_*.csv"},
    "delivery": "snapshot",
    "targets": {"branch_id": {"from": "branch"}, "creation_date": {"from": "opened"}},
}


def write(folder: Path, spec: dict[str, Any], name: str = "account.yaml") -> Path:
    (folder / name).write_text(yaml.safe_dump(spec))
    return folder


def changed(**changes: Any) -> dict[str, Any]:
    return {k: v for k, v in (GOOD | changes).items() if v is not ...}


def test_a_folder_of_specifications(tmp_path: Path) -> None:
    assert set(load_feeds(write(tmp_path, GOOD))) == {"account"}


@pytest.mark.parametrize("bank", ["workshop", "berka"])
def test_every_target_of_the_built_in_sets_is_of_its_contract(bank: str) -> None:
    for feed, spec in load_feeds(bank).items():
        table = contract(f"raw.{feed}")
        assert set(spec.targets) <= {c.name for c, _ in spec.sources(table)}
        assert spec.fields(table)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"delivery": "delta"}, "delivery: raw.account is read as a snapshot; write"),
        ({"delivery": "weekly"}, "delivery: Input should be 'snapshot' or 'delta'"),
        ({"feed": "nothing"}, "feed: no raw contract for 'nothing'; there are ['account', 'card'"),
        ({"columns": ...}, "columns: a file without header needs its columns in file order"),
        ({"columns": ["a", "A"]}, "columns: a given twice"),
        ({"columns": ['a"b']}, "columns: 'a\"b' has a quote in its name"),
        ({"pattern": ...}, "pattern: Field required"),
        ({"colums": []}, "colums: Extra inputs are not permitted"),
        ({"delimiter": "||"}, "delimiter: String should have at most 1 character"),
        ({"delimiter": '"'}, "quote: it is the delimiter too"),
        ({"encoding": "klingon"}, "encoding: 'klingon' is not an encoding; write one such as"),
        ({"format": "parquet", "compression": "gzip"}, "compression: Parquet compresses itself"),
        ({"business_date": "yesterday"}, "business_date.from: Input should be 'file_name'"),
        ({"business_date": {"from": "column"}}, "business_date: from: column takes column"),
        (
            {"business_date": {"from": "run", "column": "x"}},
            "business_date: from: run takes nothing",
        ),
        (
            {"business_date": {"from": "file_name", "pattern": "acc_%Y.csv"}},
            "business_date: 'acc_%Y.csv' finds no date: write %Y, %m and %d",
        ),
        (
            {"business_date": {"from": "file_name", "pattern": "acc_%Q.csv"}},
            "business_date: '%Q' is not a code for file names",
        ),
        (
            {"business_date": {"from": "column", "column": "opened"}},
            "business_date.column: 'opened' is no date of raw.account; it has ['creation_date']",
        ),
        ({"targets": {"branche_id": {"from": "branch"}}}, "targets.branche_id: no such column in"),
        (
            {"targets": {"branch_id": {"from": "brunch"}}},
            "targets.branch_id: no delivered field 'brunch'; columns has ['account_id', 'branch'",
        ),
        ({"targets": {}}, "targets.branch_id: no delivered field 'branch_id'"),
        (
            {"targets": GOOD["targets"] | {"account_id": {"absent": True}}},
            "targets.account_id: absent, though raw.account needs it; say from or expression",
        ),
        (
            {"targets": {"branch_id": {"from": "branch", "absent": True}}},
            "targets.branch_id: give one of from, expression, token, last_four and absent",
        ),
        (
            {"targets": {"branch_id": {"expression": "branch +"}}},
            "targets.branch_id.expression: 'branch +' is not an Athena expression",
        ),
        (
            {"targets": {"branch_id": {"expression": "max(branch)"}}},
            "targets.branch_id.expression: 'max(branch)' has max: it must depend on the record",
        ),
        (
            {"targets": {"creation_date": {"expression": "current_date"}}},
            "targets.creation_date.expression: 'current_date' has",
        ),
        (
            {"targets": {"creation_date": {"from": "opened", "formats": ["YYYY-MM-DD"]}}},
            "targets.creation_date.formats.0: 'YYYY-MM-DD' has no code; write strptime codes",
        ),
        (
            {"targets": GOOD["targets"] | {"frequency": {"formats": ["%Y"]}}},
            "targets.frequency.formats: the column is varchar, not a date or timestamp",
        ),
        (
            {"targets": GOOD["targets"] | {"frequency": {"shape": "[A-Z"}}},
            "targets.frequency.shape: '[A-Z' is no regular expression of RE2: missing ]: [A-Z",
        ),
        (
            {"targets": GOOD["targets"] | {"frequency": {"shape": "(?=M)MI"}}},
            "targets.frequency.shape: '(?=M)MI' is no regular expression of RE2: invalid perl",
        ),
        (
            {"targets": GOOD["targets"] | {"account_id": {"shape": "[0-9]+"}}},
            "targets.account_id.shape: the column is bigint, not text",
        ),
        (
            {"targets": GOOD["targets"] | {"frequency": {"absent": True, "shape": "[A-Z]+"}}},
            "targets.frequency: shape needs a delivered field, an expression, token or last_four",
        ),
    ],
)
def test_an_error_says_where_and_what_would_be_right(
    tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    with pytest.raises(FeedError) as raised:
        load_feeds(write(tmp_path, changed(**changes)))
    assert f"account.yaml: {expected}" in str(raised.value)


def test_a_feed_is_specified_once(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    with pytest.raises(FeedError, match=r"b.yaml: feed: account is specified by another file"):
        load_feeds(write(tmp_path, GOOD, "b.yaml"))


def test_what_is_no_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="holds no feed specification"):
        load_feeds(tmp_path)
    with pytest.raises(FeedError, match=r"neither a folder nor a built-in set \(workshop, berka\)"):
        load_feeds("wrkshop")
    (tmp_path / "x.yaml").write_text("feed: [")
    with pytest.raises(FeedError, match=r"x.yaml: not YAML"):
        load_feeds(tmp_path)


def test_a_delta_contract_takes_a_snapshot_feed() -> None:
    card = load_feeds("berka")["card"]
    assert contract("raw.card").reads == "delta"
    assert (card.delivery, card.replaces) == ("snapshot", "same_date")


@pytest.mark.parametrize(
    ("pattern", "name", "date"),
    [
        ("card00%Y%m%d-%H%M%S.csv", "card0020240523-064030.csv", dt.date(2024, 5, 23)),
        ("*_%d.%m.%Y.txt", "x_23.05.2024.txt", dt.date(2024, 5, 23)),
        (r"f(?P<day>\d\d)(?P<month>\d\d)-(?P<year>\d{4})", "f0102-1993", dt.date(1993, 2, 1)),
    ],
)
def test_dates_in_names(pattern: str, name: str, date: dt.date) -> None:
    assert date_in_name(pattern, name) == date


@pytest.mark.parametrize(
    "name", ["card00240523.csv", "card0020240523.csv.tmp", "card0020241332.csv"]
)
def test_a_name_without_a_date(name: str) -> None:
    with pytest.raises(ValueError, match="the name"):
        date_in_name("card00%Y%m%d.csv", name)


def spec(**changes: Any) -> FeedSpec:
    return FeedSpec.model_validate(changed(**changes))


def test_the_fingerprint_moves_with_what_decides_rows_and_with_nothing_else() -> None:
    table = contract("raw.account")
    base = spec().fingerprint(table)
    assert base == spec(description="other", system="s", cadence="weekly").fingerprint(table)
    deciding: list[dict[str, Any]] = [
        {"delimiter": ";"},
        {"nulls": ["-"]},
        {"encoding": "cp1250"},
        {"targets": GOOD["targets"] | {"frequency": {"codes": {"A": "MI"}}}},
        {"targets": GOOD["targets"] | {"frequency": {"shape": "[A-Z]+"}}},
    ]
    others = {spec(**change).fingerprint(table) for change in deciding}
    assert len(others | {base, spec().fingerprint(contract("raw.card"))}) == len(deciding) + 2


def test_the_fingerprint_holds_the_key_id_only_where_tokens_are_made() -> None:
    card = load_feeds("workshop")["card"]
    table = contract("raw.card")
    assert card.fingerprint(table, "aaaa") != card.fingerprint(table, "bbbb")
    assert spec().fingerprint(contract("raw.account"), "a") == spec().fingerprint(
        contract("raw.account"), "b"
    )
