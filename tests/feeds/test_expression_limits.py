"""An expression computes with the fields of one record: it reads nothing else and stays small."""

from __future__ import annotations

from pathlib import Path

import pytest

from customer360_assets.feeds import FeedError, load_feeds
from customer360_assets.feeds.sql import athena_expression
from tests.feeds.test_specifications import changed, write

OUTSIDE = {
    "getvariable('card_inner_pad') || branch": "getvariable",
    "branch || \"getvariable\"('card_inner_pad')": "getvariable",
    "branch.getvariable('card_inner_pad')": "getvariable",
    "concat(branch, current_setting('home_directory'))": "current_setting",
    "concat(branch, getenv('CUSTOMER360_CARD_KEY'))": "getenv",
    "coalesce(branch, (read_text('/etc/passwd')))": "read_text",
    "branch || repeat('x', 1000000000)": "repeat",
    "branch || array_join(sequence(1, 1000000000), '')": "sequence",
    "branch || CAST(cardinality(range(1000000000)) AS varchar)": "range",
    "branch || \"||\"('a', 'b')": "||",
    "from_iso8601_date(branch)": "from_iso8601_date",
    "if(branch = '1', sha256(branch))": "sha256",
}


@pytest.mark.parametrize("expression", OUTSIDE)
def test_a_function_that_is_not_listed_is_refused_by_name(tmp_path: Path, expression: str) -> None:
    targets = {"branch_id": {"expression": expression}, "creation_date": {"from": "opened"}}
    with pytest.raises(FeedError) as raised:
        load_feeds(write(tmp_path, changed(targets=targets)))
    assert "account.yaml: targets.branch_id.expression: " in str(raised.value)
    assert f" calls {OUTSIDE[expression]}, which expressions may not: " in str(raised.value)


@pytest.mark.parametrize(
    "expression",
    [
        "branch || :card_inner_pad",
        "branch || @card_inner_pad",
        "branch || ?",
        "branch || current_user",
        "branch || current_catalog",
        "unnest(ARRAY[branch, branch])",
        "CREATE TABLE branch AS branch",
    ],
)
def test_parameters_and_what_the_session_knows_are_refused(expression: str) -> None:
    with pytest.raises(
        ValueError, match=r"it must depend on the record's fields alone|an expression over"
    ):
        athena_expression(expression)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("lpad(branch, 1000000000, 'x')", "pads without a bound"),
        ("rpad(branch, CAST(opened AS integer), 'x')", "pads without a bound"),
        ("replace(replace(branch, 'a', rpad('a', 999, 'a')), 'a', 'aa')", "of any length"),
        ("regexp_replace(branch, '', opened)", "a text of any length"),
        ("array_join(CAST(json_parse(branch) AS array(json)), branch)", "a text of any length"),
        ("replace(" * 10 + "branch" + ", 'a', 'aa')" * 10, "more than 1,000 times as long"),
        ("concat(branch, '" + "x" * 8_000 + "')", "at most 8,000 characters"),
        ("(" * 3_000 + "branch" + ")" * 3_000, "nested too deeply"),
    ],
)
def test_a_text_cannot_be_multiplied(expression: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        athena_expression(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "lpad(branch, 1000, '0')",
        "replace(" * 9 + "branch" + ", 'a', 'aa')" * 9,
        "CAST(regexp_replace(replace(branch, ',', '.'), '[^0-9.]', '') AS decimal(18,2))",
        "CASE WHEN branch LIKE 'A%' AND branch IN ('A', 'B') THEN substr(branch, 2) END",
        "if(try_cast(branch AS bigint) IS NULL, 'getvariable(''x'')', branch)",
        "CAST(date_parse(opened, '%Y%m%d') AS date)",
        "json_extract_scalar(branch, '$.a.b')",
    ],
)
def test_what_specifications_are_written_with_stands(expression: str) -> None:
    assert set(athena_expression(expression).fields) <= {"branch", "opened"}
