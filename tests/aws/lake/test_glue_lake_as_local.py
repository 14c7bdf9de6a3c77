"""What holds for the local lake holds for the one on S3 and Glue: the same tests, run on it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from pyiceberg.schema import Schema
from pyiceberg.types import NestedField, StringType

from resources.account.aws_names import AwsNames
from resources.iceberg.glue_lake import GlueLake
from resources.protocols.lake_types import Partitions
from tests.aws.lake.glue_lake import Listed, Rows, read
from tests.lake.lake_writers import DAY, SCHEMA, TABLE, Candidate
from tests.lake.test_lake_publish import (  # noqa: F401
    test_a_candidate_that_keeps_one_of_the_files_removes_the_other,
    test_a_file_that_does_not_fit_the_table_is_refused,
    test_a_further_partition_column_narrows_what_is_replaced,
    test_a_lost_race_is_run_again_on_what_the_winner_left,
    test_a_partition_is_replaced_and_the_others_stay,
    test_a_truncated_file_is_refused,
    test_an_unpartitioned_table_is_replaced_whole,
    test_an_untouched_table_has_no_snapshot,
    test_no_value_of_a_customer_is_in_the_metadata,
    test_nothing_empties_a_partition_without_a_warning,
    test_one_publication_is_one_snapshot_with_its_properties,
    test_only_files_of_the_table_itself_are_published,
    test_rows_outside_what_is_replaced_are_refused,
    test_the_same_files_again_do_nothing,
)
from tests.lake.test_lake_reading import (  # noqa: F401
    days,
    test_a_name_that_is_no_table_is_refused,
    test_a_rollback_goes_back_and_forth_and_loses_nothing,
    test_an_empty_table_has_its_columns,
    test_an_older_snapshot_is_read_as_it_was,
    test_dates_and_newest_come_from_metadata,
    test_every_column_type_of_a_contract_passes_through_duckdb,
    test_files_are_pruned_by_date_and_in_order,
    test_rows_of_several_files_of_a_date_add_up,
)
from tests.lake.test_lake_schema import (  # noqa: F401
    test_a_contract_grows_and_older_files_stay_readable,
    test_a_decimal_keeps_its_scale,
    test_a_dropped_column_leaves_the_table_and_not_the_snapshots,
    test_a_text_column_is_described_anew,
    test_a_type_widens_where_iceberg_can_and_says_so_where_it_cannot,
    test_other_partition_columns_are_refused,
    test_the_same_contract_again_commits_nothing,
    test_the_table_carries_its_contract,
)
from tests.lake.test_lake_sweep import (  # noqa: F401
    test_a_candidate_key_used_twice_gives_two_folders,
    test_an_age_without_a_time_zone_is_refused,
    test_the_current_snapshot_is_never_forgotten,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def lake(aws: AwsNames, tmp_path: Path) -> Listed:
    lake = Listed(aws, tmp_path / "worker")
    lake.ensure(TABLE, SCHEMA, ("business_date",), "One row per card issued.")
    return lake


@pytest.fixture
def candidate(lake: Listed) -> Candidate:
    return Candidate(lake)


@pytest.fixture
def rows(lake: Listed) -> Rows:
    return partial(read, lake, TABLE)


def test_a_slice_older_than_a_column_is_read_as_files_with_it(
    lake: Listed, candidate: Candidate
) -> None:
    lake.publish(TABLE, candidate([0]), Partitions.on(DAY(0)), {})
    old = GlueLake.files(lake, TABLE)
    assert lake.with_columns(TABLE, old) is old
    branch = NestedField(20, "branch", StringType(), doc="Branch.")
    lake.ensure(TABLE, Schema(*SCHEMA.fields, branch), ("business_date",), "")
    assert lake.with_columns(TABLE, old) == [lake.empty_file(TABLE), *old]
    # A snapshot since then shows the column of all its files.
    types = "business_date DATE, card_token TEXT, generation BIGINT, amount DEC(18,2), branch TEXT"
    file = candidate.select("VALUES (DATE '2024-01-02', 'a', 1, 1, 'north')", types=types)
    lake.publish(TABLE, [file], Partitions.on(DAY(1)), {})
    new = GlueLake.files(lake, TABLE)
    assert lake.with_columns(TABLE, new) is new
