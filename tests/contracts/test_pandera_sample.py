"""What Pandera's own judgement of a sample says, and what it never says."""

from __future__ import annotations

import pyarrow as pa
import pytest
from pandera.config import config_context

from customer360_assets.contracts.columns import BigInt, Date, Text, column
from customer360_assets.contracts.contract import Contract, Table
from customer360_assets.publishing.checks.pandera_sample import pandera_finding


class Small(Table):
    """Three columns."""

    client_id: BigInt = column("id", ge=1)
    code: Text = column("code", isin=["a", "b"])
    born: Date = column("born", nullable=True)


CONTRACT = Contract(Small, table="stage.small", key=("client_id",))
GOOD = pa.table(
    {
        "client_id": pa.array([1, 2, 3], pa.int64()),
        "code": pa.array(["a", "b", "a"], pa.string()),
        "born": pa.array([None] * 3, pa.date32()),
    }
)


def with_column(name: str, values: pa.Array) -> pa.Table:
    return GOOD.set_column(GOOD.column_names.index(name), name, values)


def test_good_rows_pass_and_are_counted() -> None:
    found = pandera_finding(CONTRACT, GOOD)
    assert found.passed
    assert found.numbers == {"sampled_rows": 3}
    assert found.sentence == "Pandera finds nothing in 3 sampled rows."


def test_rules_are_counted_by_row_and_no_value_is_quoted() -> None:
    secret = with_column("code", pa.array(["SECRET", "b", None]))
    secret = secret.set_column(0, "client_id", pa.array([-987654321, -987654321, 3], pa.int64()))
    found = pandera_finding(CONTRACT, secret)
    assert not found.passed
    assert found.stops(CONTRACT)
    assert found.numbers == {
        "sampled_rows": 3, "client_id:ge": 2, "code:isin": 1, "code:not_null": 1,
    }  # fmt: skip
    assert found.sentence == (
        "Not published. Pandera finds, in 3 sampled rows: "
        "client_id:ge 2, code:isin 1, code:not_null 1."
    )
    shown = repr(found) + repr(found.result(CONTRACT))
    assert "SECRET" not in shown
    assert "987654321" not in shown


@pytest.mark.parametrize(
    ("rows", "broken"),
    [
        (GOOD.drop_columns(["born"]), {"born:column_in_dataframe": 1}),
        (GOOD.append_column("extra", pa.nulls(3, pa.string())), {"extra:column_in_schema": 1}),
        (with_column("born", pa.array(["x"] * 3)), {"born:dtype": 3}),
    ],
)
def test_columns_that_the_model_has_otherwise_are_named(
    rows: pa.Table, broken: dict[str, int]
) -> None:
    assert pandera_finding(CONTRACT, rows).numbers == {"sampled_rows": 3, **broken}


def test_a_candidate_without_rows_passes() -> None:
    for empty in (pa.table({}), GOOD.slice(0, 0)):
        found = pandera_finding(CONTRACT, empty)
        assert found.passed
        assert found.numbers == {"sampled_rows": 0}


def test_a_repeated_key_is_not_for_a_sample_to_find() -> None:
    assert pandera_finding(CONTRACT, pa.concat_tables([GOOD, GOOD])).passed


def test_what_the_process_sets_of_pandera_does_not_switch_the_check_off() -> None:
    with config_context(validation_enabled=False):
        assert not pandera_finding(CONTRACT, with_column("code", pa.array(["c"] * 3))).passed
