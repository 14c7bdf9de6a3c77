"""Temporary tables in Glue: written by Athena, published without a copy, dropped without a loss."""

from __future__ import annotations

import contextvars
import datetime as dt
import logging
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.iceberg.candidate import HIDDEN
from resources.iceberg.candidate_tables import (
    PART,
    create_candidate,
    drop,
    mount,
    parts_of,
    sweep,
)
from resources.iceberg.glue_lake import GlueLake
from resources.protocols import work
from resources.protocols.lake import LakeError, Partitions
from resources.s3.mirror import address
from tests.aws.lake.glue_lake import SCHEMA_NAMES, evolved, insert, read, rows
from tests.lake.lake_writers import DAY, SCHEMA, TABLE, Candidate

STATE = "SELECT business_date, generation, count(*), sum(amount) FROM t GROUP BY ALL ORDER BY ALL"


@pytest.fixture
def lake(aws: AwsNames, tmp_path: Path) -> GlueLake:
    return evolved(aws, tmp_path / "worker")


def test_what_was_inserted_is_published_where_it_lies(lake, aws):
    candidate = create_candidate(lake, TABLE, "run")
    insert(lake, candidate, rows(0, part="publish__2024-01-01"))
    insert(lake, candidate, rows(1, part="publish__2024-01-02"))
    insert(lake, candidate, rows(0, 0, part="repeat__2024-01-01", generation=7))
    parts = parts_of(lake, candidate)
    assert [(p.values, p.rows) for p in parts] == [
        (("publish", "2024-01-01"), 1),
        (("publish", "2024-01-02"), 1),
        (("repeat", "2024-01-01"), 2),
    ]
    data = f"{aws.table_location('stage', 'card')}/data/run/"
    assert candidate.location == data.rstrip("/")
    assert all(p.file.startswith(data) for p in parts)

    kept = [p.file for p in parts if p.values[0] == "publish"]
    done = lake.publish(TABLE, kept, Partitions.on(DAY(0), DAY(1)), {"run_id": "run"})
    drop(lake, [candidate.name])

    assert (done.rows, done.files) == (2, 2)
    assert sorted(lake.files(TABLE)) == sorted(kept)
    assert read(lake, TABLE, STATE) == [
        (DAY(0), 1, 1, Decimal("0.00")),
        (DAY(1), 1, 1, Decimal("1.00")),
    ]
    # Readers that go by field id find every value, and nobody sees the engine's column.
    found = lake.load(TABLE).scan().to_arrow().sort_by("business_date")
    assert PART not in found.column_names
    assert found["card_token"].to_pylist() == ["token0", "token1"]
    assert [b.schema.names for b in lake.batches(TABLE)] == [SCHEMA_NAMES] * 2


def test_a_candidate_has_its_targets_field_ids_and_a_part_that_no_table_will_ever_have(lake):
    candidate = lake.catalog.load_table(create_candidate(lake, TABLE, "run").name)
    target = lake.load(TABLE)
    assert [f.field_id for f in target.schema().fields] != [1, 2, 3, 4]
    *same, part = candidate.schema().fields
    shape = [(f.field_id, f.name, f.field_type) for f in target.schema().fields]
    assert [(f.field_id, f.name, f.field_type) for f in same] == shape
    assert (part.name, part.field_id) == (PART, HIDDEN)
    assert [f.name for f in candidate.spec().fields] == [PART]
    # A column that the target gets later does not find the part's values in published files.
    assert target.metadata.last_column_id < HIDDEN


def test_a_description_too_long_for_glue_stops_no_insert(lake):
    """An engine of its own does not shorten what it writes to Glue."""
    from pyiceberg.catalog.glue import GlueCatalog
    from pyiceberg.schema import Schema

    day, *rest = lake.load(TABLE).schema().fields
    lake.ensure(TABLE, Schema(day.model_copy(update={"doc": "long " * 80}), *rest))
    candidate = create_candidate(lake, TABLE, "run")
    theirs = GlueCatalog("athena", client=lake.catalog.glue, **lake.catalog.properties)
    theirs.load_table(candidate.name).append(rows(0, part="x"))
    assert [p.rows for p in parts_of(lake, candidate)] == [1]


def test_a_column_that_came_later_is_null_in_files_that_athena_wrote(lake):
    from pyiceberg.schema import Schema
    from pyiceberg.types import NestedField, StringType

    candidate = create_candidate(lake, TABLE, "run")
    insert(lake, candidate, rows(0, part="x"))
    lake.publish(TABLE, [p.file for p in parts_of(lake, candidate)], Partitions.on(DAY(0)), {})
    fields = lake.load(TABLE).schema().fields
    lake.ensure(TABLE, Schema(*fields, NestedField(99, "branch", StringType())))
    found = lake.load(TABLE).scan().to_arrow()
    assert found["branch"].to_pylist() == [None]
    assert found["card_token"].to_pylist() == ["token0"]


def test_a_candidate_of_older_columns_is_refused(lake):
    """The twin that must fail: what was planned on the table as it was does not fit it now."""
    from pyiceberg.schema import Schema
    from pyiceberg.types import NestedField, StringType

    candidate = create_candidate(lake, TABLE, "run")
    insert(lake, candidate, rows(0, part="x"))
    files = [p.file for p in parts_of(lake, candidate)]
    fields = lake.load(TABLE).schema().fields
    lake.ensure(TABLE, Schema(*fields, NestedField(99, "branch", StringType())))
    with pytest.raises(LakeError, match="lacks column branch"):
        lake.publish(TABLE, files, Partitions.on(DAY(0)), {})
    lake.ensure(TABLE, Schema(*fields[:-1]))
    with pytest.raises(LakeError, match="has, and the table has not, column amount"):
        lake.publish(TABLE, files, Partitions.on(DAY(0)), {})
    assert lake.files(TABLE) == []


def test_a_candidate_of_another_tables_ids_is_refused(lake):
    lake.ensure("stage.other", SCHEMA)
    candidate = create_candidate(lake, "stage.other", "run")
    insert(lake, candidate, rows(0, part="x"))
    (part,) = parts_of(lake, candidate)
    with pytest.raises(LakeError, match=r"not in a candidate folder of stage\.card"):
        lake.publish(TABLE, [part.file], Partitions.on(DAY(0)), {})
    s3 = client("s3", lake.names.region)
    copied = f"{lake.names.table_location('stage', 'card')}/data/run/part.parquet"
    s3.copy_object(CopySource=address(part.file), **address(copied))
    with pytest.raises(LakeError, match="field id"):
        lake.publish(TABLE, [copied], Partitions.on(DAY(0)), {})


def test_rows_of_two_dates_in_a_file_are_refused(lake):
    candidate = create_candidate(lake, TABLE, "run")
    insert(lake, candidate, rows(0, 1, part="all"))
    (part,) = parts_of(lake, candidate)
    with pytest.raises(LakeError, match="more than one partition"):
        lake.publish(TABLE, [part.file], Partitions.on(DAY(0), DAY(1)), {})


def test_a_candidate_that_nothing_was_written_to_has_no_parts(lake):
    candidate = create_candidate(lake, TABLE, "run")
    assert parts_of(lake, candidate) == ()
    insert(lake, candidate, rows(0, part=None))
    assert [(p.values, p.rows) for p in parts_of(lake, candidate)] == [((), 1)]


@pytest.fixture
def plain(lake: GlueLake) -> Iterator[list[str]]:
    """Two files without field ids, as DuckDB writes them, that only this worker has."""
    return iter(Candidate(lake)([0, 1], rows=2, generation=4))


def test_a_dropped_table_takes_no_file_with_it(lake, plain):
    candidate = create_candidate(lake, TABLE, "run")
    insert(lake, candidate, rows(0, part="x"))
    files = [p.file for p in parts_of(lake, candidate)]
    lake.publish(TABLE, files, Partitions.on(DAY(0)), {})
    mounted = mount(lake, list(plain))
    drop(lake, [candidate.name, mounted])
    drop(lake, [candidate.name, mounted])
    database = lake.names.temporary_database
    assert client("glue", lake.names.region).get_tables(DatabaseName=database)["TableList"] == []
    assert read(lake, TABLE, STATE) == [(DAY(0), 1, 1, Decimal("0.00"))]


def test_only_temporary_tables_are_dropped(lake):
    name = f"{lake.names.database('stage')}.card"
    with pytest.raises(LakeError, match="is not a temporary table"):
        drop(lake, [name])
    assert lake.tables() == [TABLE]


def test_what_killed_runs_left_is_swept_by_age_and_names_its_run(lake, plain):
    def leave() -> list[str]:
        logger = logging.getLogger("test")
        work.begin(work.Work("run-1", "run-1", TABLE, "2024-01-01", logger))
        return [create_candidate(lake, TABLE, "run").name, mount(lake, list(plain))]

    old = contextvars.copy_context().run(leave)
    glue = client("glue", lake.names.region)
    database = lake.names.temporary_database
    listed = glue.get_tables(DatabaseName=database)["TableList"]
    assert [t["Parameters"]["run_id"] for t in listed] == ["run-1", "run-1"]
    an_hour_ago = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    assert sweep(lake, an_hour_ago) == []
    newest = max(t["CreateTime"] for t in listed)
    assert sweep(lake, newest + dt.timedelta(microseconds=1)) == sorted(old)
    assert glue.get_tables(DatabaseName=database)["TableList"] == []
    with pytest.raises(LakeError, match="time zone"):
        sweep(lake, dt.datetime(2024, 1, 1))  # noqa: DTZ001 - what is refused
