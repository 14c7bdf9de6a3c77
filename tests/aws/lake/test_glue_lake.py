"""Publication on S3 and Glue: what readers see after a race, a lost answer, a killed writer."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.account.errors import AwsError
from resources.iceberg.glue_catalog import shortened
from resources.iceberg.glue_lake import GlueLake
from resources.protocols.lake import CommitConflictError, LakeError, Partitions, Slice
from resources.s3.mirror import address
from tests.aws.lake.glue_lake import read
from tests.lake.lake_writers import DAY, SCHEMA, TABLE, Candidate

STATE = "SELECT business_date, generation, count(*) FROM t GROUP BY ALL ORDER BY ALL"


@pytest.fixture
def lake(aws: AwsNames, tmp_path: Path) -> GlueLake:
    lake = GlueLake(aws, tmp_path / "worker")
    lake.ensure(TABLE, SCHEMA, ("business_date",), "One row per card issued.")
    return lake


@pytest.fixture
def candidate(lake: GlueLake) -> Candidate:
    return Candidate(lake)


@pytest.fixture
def other(lake: GlueLake, tmp_path: Path) -> GlueLake:
    """The lake of another worker, which has a folder of its own."""
    return GlueLake(lake.names, tmp_path / "other")


def objects(lake: GlueLake, table: str, folder: str) -> set[str]:
    """Return the keys under a folder of a table, relative to it."""
    # Arrow leaves an empty object in the name of the folder that it deleted the last file of.
    schema, name = table.split(".")
    where = address(f"{lake.names.table_location(schema, name)}/{folder}/")
    found = client("s3", lake.names.region).list_objects_v2(
        Bucket=where["Bucket"], Prefix=where["Key"]
    )
    return {o["Key"].removeprefix(where["Key"]) for o in found.get("Contents", ())} - {""}


def test_what_a_worker_published_another_reads_without_its_folder(lake, candidate, other):
    done = lake.publish(TABLE, candidate([0, 1], 4, 7), Partitions.on(DAY(0), DAY(1)), {})
    shutil.rmtree(lake.lake_dir)
    assert read(lake, TABLE, STATE) == [(DAY(0), 7, 4), (DAY(1), 7, 4)]
    assert [batch.num_rows for batch in other.batches(TABLE, DAY(1), DAY(1))] == [4]
    assert (done.rows, done.files) == (8, 2)
    assert lake.tables() == other.tables() == [TABLE]


def test_a_candidate_is_sampled_on_this_worker_and_on_s3(lake, candidate, other):
    files = candidate([0, 1], 4)
    tokens = ["token0", "token1", "token2"] * 2
    assert lake.sample(TABLE, files, 6)["card_token"].to_pylist() == tokens
    # An engine names the files that it wrote on S3; no other reader sees them yet.
    on_s3 = lake.mirror.adopt(files)
    shutil.rmtree(lake.lake_dir)
    assert other.sample(TABLE, on_s3, 6)["card_token"].to_pylist() == tokens
    assert other.files(TABLE) == []


def test_published_files_know_the_rows_that_they_are(lake, candidate, other):
    lake.publish(TABLE, candidate([0, 1, 2]), Partitions.everything(), {})
    shown = lake.publish(TABLE, candidate([1], 5), Partitions.on(DAY(1)), {}).snapshot_id
    found = other.files(TABLE, DAY(1), DAY(2))
    assert isinstance(found, Slice)
    assert (found.table, found.snapshot_id, found.first, found.last) == (
        TABLE, shown, DAY(1), DAY(2),
    )  # fmt: skip
    location = lake.names.table_location("stage", "card")
    assert len(found) == 2
    assert all(file.startswith(f"{location}/data/") for file in found)
    assert lake.bytes(found) == sum(
        client("s3", lake.names.region).head_object(**address(f))["ContentLength"] for f in found
    )
    # Neither a set of dates nor nothing is a range of a snapshot.
    assert type(other.files(TABLE, dates=[DAY(1)])) is list
    assert other.files(TABLE, DAY(7), DAY(9)) == []


def test_a_race_that_glue_decides_is_run_again_on_what_the_winner_left(
    lake, candidate, other, monkeypatch
):
    """The winner gets in after the loser has read the version that it is to replace."""
    theirs, swap = Candidate(other), lake.catalog._update_glue_table
    rivals = iter([5, 6])
    refused = []

    def late(**update: Any) -> None:
        if number := next(rivals, None):
            files = theirs([number], generation=9)
            other.publish(TABLE, files, Partitions.on(DAY(number)), {"run_id": "rival"})
        try:
            swap(**update)
        except Exception as problem:
            refused.append(type(problem).__name__)
            raise

    monkeypatch.setattr(lake.catalog, "_update_glue_table", late)
    lake.publish(TABLE, candidate([0], generation=1), Partitions.on(DAY(0)), {"run_id": "late"})
    assert refused == ["CommitFailedException"] * 2
    assert [s.run_id for s in lake.history(TABLE)] == ["rival", "rival", "late"]
    assert read(lake, TABLE, STATE) == [(DAY(0), 1, 3), (DAY(5), 9, 3), (DAY(6), 9, 3)]


def test_an_emulation_that_let_the_loser_win_would_lose_rows(lake, candidate, other, monkeypatch):
    """The twin that must fail: without the version of the table, the later commit takes all."""
    theirs, glue = Candidate(other), lake.catalog.glue
    update, rivals = glue.update_table, iter([5])

    def blind(**request: Any) -> Any:
        if number := next(rivals, None):
            files = theirs([number], generation=9)
            other.publish(TABLE, files, Partitions.on(DAY(number)), {"run_id": "rival"})
        del request["VersionId"]
        return update(**request)

    monkeypatch.setattr(glue, "update_table", blind)
    lake.publish(TABLE, candidate([0], generation=1), Partitions.on(DAY(0)), {"run_id": "late"})
    with pytest.raises(AssertionError):
        assert read(lake, TABLE, STATE) == [(DAY(0), 1, 3), (DAY(5), 9, 3)]


def test_the_echo_of_a_lost_answer_is_no_conflict(lake, candidate, other, monkeypatch):
    """The swap was made, its answer lost, the client asked again and was refused."""
    glue = lake.catalog.glue
    update = glue.update_table

    def answer_lost(**request: Any) -> Any:
        update(**request)
        return update(**request)

    monkeypatch.setattr(glue, "update_table", answer_lost)
    lake.publish(TABLE, candidate([0], generation=1), Partitions.on(DAY(0)), {"run_id": "one"})
    lake.publish(TABLE, candidate([1], generation=2), Partitions.on(DAY(1)), {"run_id": "two"})
    # Each once, and every manifest that readers need is there.
    assert [s.run_id for s in other.history(TABLE)] == ["one", "two"]
    assert read(lake, TABLE, STATE) == [(DAY(0), 1, 3), (DAY(1), 2, 3)]


def test_an_answer_lost_for_good_is_looked_up(lake, candidate, other, monkeypatch):
    from botocore.exceptions import ReadTimeoutError

    glue = lake.catalog.glue
    update = glue.update_table

    def answer_lost(**request: Any) -> Any:
        update(**request)
        raise ReadTimeoutError(endpoint_url="https://glue")

    monkeypatch.setattr(glue, "update_table", answer_lost)
    lake.publish(TABLE, candidate([0], generation=1), Partitions.on(DAY(0)), {"run_id": "one"})
    assert [s.run_id for s in other.history(TABLE)] == ["one"]


def test_a_swap_that_never_arrived_leaves_the_old_partition(lake, candidate, other, monkeypatch):
    from botocore.exceptions import ConnectTimeoutError

    lake.publish(TABLE, candidate([0], generation=1), Partitions.on(DAY(0)), {})

    def unreachable(**_: Any) -> Any:
        raise ConnectTimeoutError(endpoint_url="https://glue")

    with monkeypatch.context() as broken:
        broken.setattr(lake.catalog.glue, "update_table", unreachable)
        with pytest.raises(
            AwsError, match=r"Cannot publish to Glue table .*_stage\.card: AWS could"
        ):
            lake.publish(TABLE, candidate([0], 5, 2), Partitions.on(DAY(0)), {})
    assert read(other, TABLE, STATE) == [(DAY(0), 1, 3)]


def test_a_worker_killed_between_upload_and_commit_leaves_the_old_partition(
    lake, candidate, other, monkeypatch
):
    lake.publish(TABLE, candidate([0], generation=1), Partitions.on(DAY(0)), {})

    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    before = objects(lake, TABLE, "data")
    files = candidate([0], 5, 2)
    monkeypatch.setattr(lake.catalog, "commit_table", killed)
    with pytest.raises(Killed):
        lake.publish(TABLE, files, Partitions.on(DAY(0)), {})
    uploaded = objects(lake, TABLE, "data") - before
    assert {name.rpartition("/")[2] for name in uploaded} == {"_claimed", "part.parquet"}
    assert read(other, TABLE, STATE) == [(DAY(0), 1, 3)]
    # The run again, on a worker of its own.
    other.publish(TABLE, Candidate(other)([0], 5, 2), Partitions.on(DAY(0)), {})
    assert read(other, TABLE, STATE) == [(DAY(0), 2, 5)]


def test_who_loses_every_race_says_so_and_leaves_no_metadata(lake, candidate, monkeypatch):
    from pyiceberg.exceptions import CommitFailedException

    from resources.iceberg import catalog as lake_catalog

    def lost(*_: Any) -> None:
        raise CommitFailedException("taken")

    before = objects(lake, TABLE, "metadata")
    monkeypatch.setattr(lake_catalog, "WAITS", (0.0, 0.0))
    monkeypatch.setattr(lake.catalog, "commit_table", lost)
    with pytest.raises(CommitConflictError, match=r"stage\.card: 2 commits in a row lost"):
        lake.publish(TABLE, candidate([0]), Partitions.on(DAY(0)), {})
    assert lake.files(TABLE) == []
    assert objects(lake, TABLE, "metadata") == before


def test_two_workers_of_one_run_get_folders_of_their_own(lake, other):
    first, second = lake.candidate_dir(TABLE, "run"), other.candidate_dir(TABLE, "run")
    assert (first.name, second.name) == ("run", "run.2")
    assert first.is_dir()
    assert not list(second.iterdir())


def test_a_description_that_glue_does_not_take_is_cut_there_and_whole_in_the_table(aws, tmp_path):
    from pyiceberg.schema import Schema
    from pyiceberg.types import DateType, NestedField

    long = "Ümläute of\nmany words, " * 30
    lake = GlueLake(aws, tmp_path)
    lake.ensure(TABLE, Schema(NestedField(1, "business_date", DateType(), doc=long)))
    assert lake.load(TABLE).schema().find_field("business_date").doc == long
    table = client("glue", aws.region).get_table(DatabaseName=aws.database("stage"), Name="card")
    (column,) = table["Table"]["StorageDescriptor"]["Columns"]
    assert column["Comment"] == shortened(long)
    assert 240 < len(column["Comment"].encode()) <= 255
    with pytest.raises(ClientError, match="Comment of business_date is not valid"):
        client("glue", aws.region).create_table(
            DatabaseName=aws.database("stage"),
            TableInput={
                "Name": "other",
                "StorageDescriptor": {"Columns": [{**column, "Comment": long}]},
            },
        )


def test_a_discarded_file_is_gone_here_and_on_s3(lake, candidate):
    kept, gone = candidate([0, 1])
    kept_uri, gone_uri = lake.mirror.adopt([kept, gone])
    lake.discard([gone, gone_uri])
    assert not Path(gone).exists()
    assert lake.bytes([kept_uri]) == lake.bytes([kept]) == Path(kept).stat().st_size
    with pytest.raises(LakeError, match="is not on S3"):
        lake.bytes([gone_uri])


def test_the_resource_opens_nothing_and_gives_the_lake(aws_deployment, monkeypatch):
    import dagster as dg

    from resources.deployment.deployment import Deployment
    from resources.wiring.aws_lake import lake_resource

    with monkeypatch.context() as offline:
        offline.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        lake = lake_resource(aws_deployment).create_resource(dg.build_init_resource_context())
    lake.ensure(TABLE, SCHEMA, ("business_date",), "")
    assert (lake.names, lake.tables()) == (aws_deployment.aws, [TABLE])
    assert lake.candidate_dir(TABLE, "run").is_relative_to(aws_deployment.lake_dir)
    with pytest.raises(ValueError, match="no environment on AWS"):
        lake_resource(Deployment(home=aws_deployment.home))
