"""What readers find: by date, by snapshot, and in a table without files."""

import pytest

from resources.iceberg.local_lake import LocalLake
from resources.protocols.lake import LakeError, MissingTableError, Partitions
from tests.lake.lake_writers import DAY, SCHEMA, TABLE


@pytest.fixture
def days(lake, candidate):
    """Files of days 0, 2, 5 and 9, published out of order."""
    written = dict(zip((9, 0, 5, 2), candidate([9, 0, 5, 2]), strict=True))
    for number, file in written.items():
        lake.publish(TABLE, [file], Partitions.on(DAY(number)), {"run_id": f"run {number}"})
    return written


def test_files_are_pruned_by_date_and_in_order(lake, days):
    assert lake.files(TABLE) == [days[n] for n in (0, 2, 5, 9)]
    assert lake.files(TABLE, first=DAY(2)) == [days[n] for n in (2, 5, 9)]
    assert lake.files(TABLE, last=DAY(2)) == [days[n] for n in (0, 2)]
    assert lake.files(TABLE, DAY(1), DAY(5)) == [days[n] for n in (2, 5)]
    assert lake.files(TABLE, dates=[DAY(5), DAY(0), DAY(6)]) == [days[n] for n in (0, 5)]
    assert lake.files(TABLE, dates=[]) == []


def test_dates_and_newest_come_from_metadata(lake, days, monkeypatch):
    lake.publish(TABLE, [*lake.files(TABLE, dates=[DAY(2)])], Partitions.on(DAY(2)), {})
    monkeypatch.setattr("pyarrow.parquet.read_metadata", None)
    assert lake.dates(TABLE) == {DAY(n): 3 for n in (0, 2, 5, 9)}
    assert list(lake.dates(TABLE, DAY(1), DAY(5))) == [DAY(2), DAY(5)]
    assert lake.newest(TABLE, DAY(8)) == DAY(5)
    assert lake.newest(TABLE, DAY(9)) == DAY(9)
    assert lake.newest(TABLE, DAY(-1)) is None


def test_rows_of_several_files_of_a_date_add_up(lake, candidate):
    lake.publish(TABLE, [*candidate([0], 2), *candidate([0], 5)], Partitions.on(DAY(0)), {})
    assert lake.dates(TABLE) == {DAY(0): 7}


def test_an_older_snapshot_is_read_as_it_was(lake, candidate, rows):
    for generation in (1, 2, 3):
        files = candidate([0], generation, generation)
        lake.publish(TABLE, files, Partitions.on(DAY(0)), {})
    first, second, _ = lake.history(TABLE)
    counted = "SELECT generation, count(*) FROM t GROUP BY ALL"
    assert rows(counted, snapshot_id=first.snapshot_id) == [(1, 1)]
    assert rows(counted, snapshot_id=second.snapshot_id, first=DAY(0)) == [(2, 2)]
    assert rows(counted) == [(3, 3)]
    with pytest.raises(LakeError, match=r"stage\.card has no snapshot 7"):
        lake.files(TABLE, snapshot_id=7)


def test_a_rollback_goes_back_and_forth_and_loses_nothing(lake, candidate, rows):
    for generation in (1, 2):
        lake.publish(TABLE, candidate([0], 1, generation), Partitions.on(DAY(0)), {})
    first, second = lake.history(TABLE)
    for target, generation in ((first, 1), (second, 2), (first, 1)):
        lake.rollback(TABLE, target.snapshot_id)
        assert rows("SELECT generation FROM t") == [(generation,)]
        assert [s.snapshot_id for s in lake.history(TABLE) if s.current] == [target.snapshot_id]
    lake.publish(TABLE, candidate([1], 1, 3), Partitions.on(DAY(1)), {})
    assert rows("SELECT generation FROM t ORDER BY 1") == [(1,), (3,)]
    with pytest.raises(LakeError, match=r"stage\.card has no snapshot 7"):
        lake.rollback(TABLE, 7)


def test_an_empty_table_has_its_columns(lake, rows):
    assert lake.files(TABLE) == []
    assert lake.dates(TABLE) == {}
    assert lake.history(TABLE) == []
    assert rows("SELECT * FROM t") == []
    assert rows("SELECT column_name, column_type FROM (DESCRIBE t)") == [
        ("business_date", "DATE"),
        ("card_token", "VARCHAR"),
        ("generation", "BIGINT"),
        ("amount", "DECIMAL(18,2)"),
    ]
    assert lake.empty_file(TABLE) == lake.empty_file(TABLE)


def test_every_column_type_of_a_contract_passes_through_duckdb(lake, candidate):
    from pyiceberg.schema import Schema
    from pyiceberg.types import BooleanType, DateType, DoubleType, NestedField, TimestampType

    types = {"business_date": DateType(), "d": DoubleType(), "b": BooleanType()}
    columns = {**types, "t": TimestampType()}
    schema = Schema(
        *[NestedField(n, name, type_) for n, (name, type_) in enumerate(columns.items(), 1)]
    )
    lake.ensure("stage.visit", schema)
    query = "VALUES (DATE '2024-01-01', 0.1, true, TIMESTAMP '2024-01-01 10:00:00.123456')"
    written = "business_date DATE, d DOUBLE, b BOOLEAN, t TIMESTAMP"
    file = candidate.select(query, table="stage.visit", types=written)
    assert lake.publish("stage.visit", [file], Partitions.on(DAY(0)), {}).rows == 1
    nothing = candidate.select("SELECT NULL, NULL, NULL, NULL LIMIT 0", "stage.visit", written)
    assert lake.publish("stage.visit", [nothing], Partitions.on(DAY(0)), {}).rows == 0


def test_a_table_that_is_not_there_is_named(lake, tmp_path):
    fresh = LocalLake(f"sqlite:///{tmp_path}/new/catalog.db", tmp_path / "new")
    assert fresh.tables() == []
    with pytest.raises(MissingTableError, match=r"stage\.card is not in the lake"):
        fresh.files(TABLE)
    lake.ensure("raw.card", SCHEMA)
    assert lake.tables() == ["raw.card", "stage.card"]


@pytest.mark.parametrize("name", ["card", "stage.card.x", "../stage.card", "stage.Card", "a.b/c"])
def test_a_name_that_is_no_table_is_refused(lake, name):
    with pytest.raises(LakeError, match="is not a table name like"):
        lake.candidate_dir(name, "run")


def test_two_lake_objects_see_the_same_state(lake, candidate):
    other = LocalLake(lake.catalog_uri, lake.warehouse_dir)
    assert other.files(TABLE) == []
    lake.publish(TABLE, candidate([0]), Partitions.on(DAY(0)), {})
    assert other.files(TABLE) == lake.files(TABLE) != []


def test_what_is_remembered_of_manifests_is_bounded_and_no_more_than_they_show(
    lake, days, monkeypatch
):
    from resources.iceberg import files as lake_files

    expected = lake.files(TABLE)
    assert len(lake.load(TABLE).current_snapshot().manifests(lake.load(TABLE).io)) > 2
    monkeypatch.setattr(lake_files, "KEPT", 2)
    lake_files._READ.clear()
    for _ in range(2):
        assert lake.files(TABLE) == expected
        assert len(lake_files._READ) == 2
    lake.publish(TABLE, [], Partitions.on(DAY(2)), {})
    assert lake.files(TABLE) == [file for file in expected if file != days[2]]
