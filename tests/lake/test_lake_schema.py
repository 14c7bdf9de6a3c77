"""A table follows its contract."""

from decimal import Decimal

import pytest
from pyiceberg.schema import Schema
from pyiceberg.types import DateType, DecimalType, IntegerType, LongType, NestedField, StringType

from resources.protocols.lake import LakeError, Partitions
from tests.lake.lake_writers import DAY, SCHEMA, TABLE


def schema(**columns):
    day = NestedField(1, "business_date", DateType(), doc="Day.")
    return Schema(
        day,
        *[
            NestedField(number, name, type_, doc=doc)
            for number, (name, (type_, doc)) in enumerate(columns.items(), start=2)
        ],
    )


def table_of(lake, table=TABLE):
    return lake.load(table)


def test_the_table_carries_its_contract(lake):
    table = table_of(lake)
    assert [(f.name, f.doc, f.required) for f in table.schema().fields] == [
        ("business_date", "Day of the delivery.", False),
        ("card_token", "Token of the card.", False),
        ("generation", "Which candidate it is from.", False),
        ("amount", "Amount (EUR).", False),
    ]
    assert table.properties["comment"] == "One row per card issued."
    assert [f.name for f in table.spec().fields] == ["business_date"]


def test_the_same_contract_again_commits_nothing(lake):
    before = table_of(lake).metadata_location
    lake.ensure(TABLE, SCHEMA, ("business_date",), "One row per card issued.")
    assert table_of(lake).metadata_location == before


def test_a_contract_grows_and_older_files_stay_readable(lake, candidate, rows):
    lake.publish(TABLE, candidate([0], 1), Partitions.on(DAY(0)), {})
    old, *others = SCHEMA.fields
    new = NestedField(20, "branch", StringType(), doc="Branch.")
    lake.ensure(TABLE, Schema(old, new, *others), ("business_date",), "One row per card.")
    table = table_of(lake)
    assert table.schema().column_names == [
        "business_date", "branch", "card_token", "generation", "amount",
    ]  # fmt: skip
    assert table.properties["comment"] == "One row per card."
    types = "business_date DATE, branch TEXT, card_token TEXT, generation BIGINT, amount DEC(18,2)"
    file = candidate.select("VALUES (DATE '2024-01-02', 'north', 'a', 1, 1)", types=types)
    lake.publish(TABLE, [file], Partitions.on(DAY(1)), {})
    assert rows("SELECT business_date, branch FROM t ORDER BY 1") == [
        (DAY(0), None),
        (DAY(1), "north"),
    ]
    with pytest.raises(LakeError, match="lacks column branch"):
        lake.publish(TABLE, candidate([2]), Partitions.on(DAY(2)), {})
    assert table_of(lake).scan().to_arrow().num_rows == 2


def test_a_dropped_column_leaves_the_table_and_not_the_snapshots(lake, candidate):
    lake.publish(TABLE, candidate([0], 1), Partitions.on(DAY(0)), {})
    lake.ensure(TABLE, Schema(*SCHEMA.fields[:3]), ("business_date",), "")
    assert "amount" not in table_of(lake).schema().column_names
    (first,) = lake.history(TABLE)
    assert "amount" in table_of(lake).scan(snapshot_id=first.snapshot_id).to_arrow().column_names


def test_a_type_widens_where_iceberg_can_and_says_so_where_it_cannot(lake):
    lake.ensure("stage.a", schema(n=(IntegerType(), "Count.")))
    lake.ensure("stage.a", schema(n=(LongType(), "Count of all.")))
    field = table_of(lake, "stage.a").schema().find_field("n")
    assert (field.field_type, field.doc) == (LongType(), "Count of all.")
    with pytest.raises(LakeError, match=r"stage\.a\.n is long; Iceberg cannot make it string"):
        lake.ensure("stage.a", schema(n=(StringType(), "Count.")))


def test_other_partition_columns_are_refused(lake):
    with pytest.raises(LakeError, match="partitioned by business_date, the contract says nothing"):
        lake.ensure(TABLE, SCHEMA, ())
    with pytest.raises(LakeError, match=r"stage\.b has no column month to partition by"):
        lake.ensure("stage.b", SCHEMA, ("month",))


def test_an_empty_file_follows_the_schema(lake):
    import pyarrow.parquet as pq

    before = lake.empty_file(TABLE)
    grown = Schema(*SCHEMA.fields, NestedField(20, "branch", StringType()))
    lake.ensure(TABLE, grown)
    assert pq.read_schema(lake.empty_file(TABLE)).names == grown.column_names
    assert pq.read_schema(before).names == SCHEMA.column_names


def test_a_text_column_is_described_anew(lake):
    lake.ensure("stage.a", schema(word=(StringType(), "Word.")))
    lake.ensure("stage.a", schema(word=(StringType(), "A word.")))
    field = table_of(lake, "stage.a").schema().find_field("word")
    assert (field.field_type, field.doc) == (StringType(), "A word.")


def test_files_that_are_older_than_every_row_of_a_column_have_it(lake, candidate):
    import duckdb

    lake.publish(TABLE, candidate([0], 1), Partitions.on(DAY(0)), {})
    files = lake.files(TABLE)
    assert lake.with_columns(TABLE, files) == files
    old, *others = SCHEMA.fields
    new = NestedField(20, "branch", StringType(), doc="Branch.")
    lake.ensure(TABLE, Schema(old, new, *others), ("business_date",), "")
    read = "SELECT * FROM read_parquet(?, union_by_name = true, hive_partitioning = false)"
    found = duckdb.sql(read, params=[list(lake.with_columns(TABLE, files))])
    assert found.columns == ["business_date", "branch", "card_token", "generation", "amount"]
    assert found.fetchall() == [(DAY(0), None, "token0", 0, Decimal("0.00"))]


def test_a_decimal_keeps_its_scale(lake):
    lake.ensure("stage.a", schema(n=(DecimalType(18, 2), "Money.")))
    lake.ensure("stage.a", schema(n=(DecimalType(24, 2), "Money.")))
    with pytest.raises(LakeError, match="cannot make it decimal"):
        lake.ensure("stage.a", schema(n=(DecimalType(28, 4), "Money.")))
