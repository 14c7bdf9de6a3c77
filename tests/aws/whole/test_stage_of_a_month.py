"""A month of a stage table in Athena, which opens no more than a hundred partitions at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from customer360_assets.contracts import contract
from customer360_assets.contracts.arrow import arrow_schema
from customer360_assets.contracts.audit import iceberg_schema
from customer360_assets.fates.rows import Fates, split
from customer360_assets.publishing.platform import Platform
from customer360_assets.publishing.publish import Candidate, audit_findings
from customer360_assets.tables.partitions import LONGEST, Span
from customer360_assets.tables.transformations import transformation
from resources.account.aws_names import AwsNames
from resources.iceberg.glue_lake import GlueLake
from resources.protocols.lake_types import Partitions
from resources.protocols.sql_engine import SqlError
from tests.aws.athena.athena_environment import engine_of
from tests.aws.emulation.athena import Athena

RAW, STAGE = contract("raw.card"), contract("stage.card")
FIRST = dt.date(2024, 5, 1)
GOOD = {"disp_id": 1, "type": "gold", "card_last_four": "1234"}
BROKEN: list[dict[str, Any]] = [{"disp_id": -1}, {"type": "lead"}, {"card_last_four": "x"}]


def of_a_date(date: dt.date) -> Iterator[dict[str, Any]]:
    """Return a date's rows: two good ones, a repeat of one, and one for each rule that is broken.

    The last of these rules is that of an optional column: its row is published without the value.
    """
    tokens = ["a", "b", "a", *"cde"]
    for line, (token, broken) in enumerate(zip(tokens, [{}, {}, {}, *BROKEN], strict=True), 1):
        yield {
            **GOOD,
            "business_date": date,
            "delivery_id": "d",
            "delivery_seq": 1,
            "line_no": line,
            "card_id": "1234",
            "card_token": token * 64,
            "issued_datetime": dt.datetime(2024, 1, 1),  # noqa: DTZ001 (as Iceberg has it)
            **broken,
        }


def days(count: int) -> list[dt.date]:
    return [FIRST + dt.timedelta(days=n) for n in range(count)]


@pytest.fixture
def lake(aws: AwsNames, tmp_path: Path) -> GlueLake:
    return GlueLake(names=aws, lake_dir=tmp_path / "lake")


def services(lake: GlueLake) -> Platform:
    return cast(Platform, SimpleNamespace(sql=engine_of(lake), lake=lake))


def staged(lake: GlueLake, dates: list[dt.date]) -> Fates:
    """Deliver the dates, and run the stage query over all of them at once."""
    for table in (RAW, STAGE):
        lake.ensure(table.table, iceberg_schema(table))
    folder, files = lake.candidate_dir(RAW.table, "delivered"), []
    for date in dates:
        path = folder / f"{date}.parquet"
        pq.write_table(pa.Table.from_pylist(list(of_a_date(date)), arrow_schema(RAW)), path)
        files.append(str(path))
    lake.publish(RAW.table, files, Partitions.on(*dates), {"run_id": "r"})
    span = Span(dates[0], dates[-1])
    return split(
        services(lake),
        STAGE,
        transformation(STAGE.table),
        span,
        {span: {RAW.table: lake.files(RAW.table, span.first, span.last)}},
        "month",
    )


@pytest.mark.slow
def test_a_month_with_repeats_and_refusals_on_every_date(lake: GlueLake, athena: Athena) -> None:
    dates = days(LONGEST)
    fates = staged(lake, dates)
    assert fates.rows_by_date == dict.fromkeys(dates, 3)
    assert fates.repeated == LONGEST
    assert fates.quarantined == {"disp_id:ge": LONGEST, "type:isin": LONGEST}
    assert fates.values_set_aside == {"card_last_four:str_matches": LONGEST}
    assert not set(fates.files) & set(fates.unpublished)
    put = lake.publish(STAGE.table, fates.files, Partitions.on(*dates), {"run_id": "r"})
    assert put.rows == 3 * LONGEST
    assert lake.dates(STAGE.table) == dict.fromkeys(dates, 3)


@pytest.mark.slow
def test_more_dates_than_athena_writes_at_once_are_refused(lake: GlueLake, athena: Athena) -> None:
    with pytest.raises(SqlError, match="build fewer dates at once"):
        staged(lake, days(100))


def test_pandera_judges_what_athena_wrote_where_it_is(lake: GlueLake, athena: Athena) -> None:
    dates = days(2)
    fates = staged(lake, dates)
    assert all(file.startswith("s3://") for file in fates.files)
    candidate = Candidate(STAGE, fates.files, Span(*dates), fates.by_date)
    _, findings = audit_findings(services(lake), candidate)
    assert {f.check: f.passed for f in findings} == {
        "contract": True, "grain": True, "pandera": True,
    }  # fmt: skip
    assert findings[-1].numbers == {"sampled_rows": 6}
