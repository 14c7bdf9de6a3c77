"""What a publication replaces, refuses and records."""

import shutil
import warnings
from pathlib import Path

import pytest

from resources.iceberg import catalog as lake_catalog
from resources.iceberg.candidate import describe
from resources.iceberg.commit import commit
from resources.iceberg.local_lake import LocalLake
from resources.protocols.lake import CommitConflictError, LakeError, Partitions
from tests.lake.lake_writers import DAY, SCHEMA, TABLE, Candidate


def test_a_partition_is_replaced_and_the_others_stay(lake, candidate, rows):
    lake.publish(TABLE, candidate(range(3), generation=1), Partitions.between(DAY(0), DAY(2)), {})
    done = lake.publish(TABLE, candidate([1], 2, generation=2), Partitions.on(DAY(1)), {})
    assert (done.rows, done.files) == (2, 1)
    assert rows("SELECT business_date, generation, count(*) FROM t GROUP BY ALL ORDER BY ALL") == [
        (DAY(0), 1, 3),
        (DAY(1), 2, 2),
        (DAY(2), 1, 3),
    ]


def test_one_publication_is_one_snapshot_with_its_properties(lake, candidate):
    days = Partitions.between(DAY(0), DAY(1))
    lake.publish(TABLE, candidate([0, 1]), days, {"run_id": "first"})
    lake.publish(TABLE, candidate([0, 1], 5), days, {"run_id": "second", "asset": "stage/card"})
    lake.publish(TABLE, [], Partitions.on(DAY(0)), {"run_id": "third"})
    history = lake.history(TABLE)
    assert [(s.run_id, s.operation, s.rows, s.added, s.removed) for s in history] == [
        ("first", "append", 6, 6, 0),
        ("second", "overwrite", 10, 10, 6),
        ("third", "delete", 5, 0, 5),
    ]
    assert history[1].properties["asset"] == "stage/card"
    assert [s.current for s in history] == [False, False, True]
    assert history[0].committed_ms <= history[1].committed_ms


def test_the_same_files_again_do_nothing(lake, candidate):
    files = candidate([0, 1])
    first = lake.publish(TABLE, files, Partitions.on(DAY(0), DAY(1)), {"run_id": "first"})
    again = lake.publish(TABLE, files[::-1], Partitions.on(DAY(0), DAY(1)), {"run_id": "again"})
    assert again == first
    assert [s.run_id for s in lake.history(TABLE)] == ["first"]


def test_a_candidate_that_keeps_one_of_the_files_removes_the_other(lake, candidate):
    kept, gone = candidate([0, 0])
    lake.publish(TABLE, [kept, gone], Partitions.on(DAY(0)), {})
    lake.publish(TABLE, [kept], Partitions.on(DAY(0)), {})
    assert lake.files(TABLE) == [kept]
    assert lake.dates(TABLE) == {DAY(0): 3}


def test_nothing_empties_a_partition_without_a_warning(lake, candidate):
    lake.publish(TABLE, candidate([0, 1]), Partitions.on(DAY(0), DAY(1)), {})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert lake.publish(TABLE, [], Partitions.on(DAY(7)), {}).rows == 0
        assert lake.publish(TABLE, candidate([0], rows=0), Partitions.on(DAY(0)), {}).files == 0
    assert lake.dates(TABLE) == {DAY(1): 3}
    assert len(lake.history(TABLE)) == 2


def test_an_untouched_table_has_no_snapshot(lake):
    assert lake.publish(TABLE, [], Partitions.everything(), {}).snapshot_id is None


@pytest.mark.parametrize(
    ("replace", "reason"),
    [
        (Partitions.on(DAY(0)), "2024-01-02, which is not being replaced"),
        (Partitions.between(DAY(2), DAY(9)), "2024-01-01, which is not being replaced"),
        (Partitions.everything(branch="x"), "not partitioned by branch"),
    ],
)
def test_rows_outside_what_is_replaced_are_refused(lake, candidate, replace, reason):
    before = candidate([0, 1])
    lake.publish(TABLE, before, Partitions.everything(), {})
    with pytest.raises(LakeError, match=reason):
        lake.publish(TABLE, candidate([0, 1], generation=2), replace, {})
    assert lake.files(TABLE) == before


@pytest.mark.parametrize(
    ("query", "types", "reason"),
    [
        ("SELECT DATE '2024-01-01' + i::int, 'a', 1, 1 FROM range(2) s(i)", None, "more than one"),
        ("VALUES (DATE '2024-01-01', 'a', 1, 1), (NULL, 'b', 1, 1)", None, "rows without business"),
        ("VALUES (NULL, 'b', 1, 1)", None, "rows without business_date"),
        ("VALUES ('2024-01-01', 'a', 1)", "business_date DATE, card_token TEXT, generation BIGINT",
         "lacks column amount"),
        ("VALUES ('2024-01-01', 'a', 1, 1, 1)",
         "business_date DATE, card_token TEXT, generation BIGINT, amount DECIMAL(18,2), extra INT",
         "has, and the table has not, column extra"),
        ("VALUES ('2024-01-01', 'a', 1, 1)",
         "business_date DATE, card_token TEXT, generation BIGINT, amount DOUBLE",
         "amount as double .*, the table as decimal"),
        ("VALUES ('2024-01-01', 'a', '2024-01-01', 1)",
         "business_date DATE, card_token TEXT, generation TIMESTAMP_NS, amount DECIMAL(18,2)",
         "type that Iceberg has not"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_the_table_is_refused(lake, candidate, query, types, reason):
    bad = candidate.select(query, **({"types": types} if types else {}))
    with pytest.raises(LakeError, match=reason):
        lake.publish(TABLE, [*candidate([3]), bad], Partitions.everything(), {})
    assert lake.files(TABLE) == []


def test_a_truncated_file_is_refused(lake, candidate):
    (path,) = candidate([0])
    Path(path).write_bytes(Path(path).read_bytes()[:-20])
    with pytest.raises(LakeError, match="not a readable Parquet file"):
        lake.publish(TABLE, [path], Partitions.everything(), {})


def test_only_files_of_the_table_itself_are_published(lake, candidate, tmp_path):
    (path,) = candidate([0])
    elsewhere = shutil.copy(path, tmp_path / "part.parquet")
    with pytest.raises(LakeError, match=r"not in a candidate folder of stage\.card"):
        lake.publish(TABLE, [str(elsewhere)], Partitions.everything(), {})
    with pytest.raises(LakeError, match="named twice"):
        lake.publish(TABLE, [path, path], Partitions.everything(), {})


def test_an_unpartitioned_table_is_replaced_whole(lake, candidate):
    lake.ensure("raw.delivery", SCHEMA, (), "")
    query = "SELECT DATE '2024-01-01' + i::int, 'a', 1, 1 FROM range({}) s(i)"
    for size in (2, 5, 3):
        file = candidate.select(query.format(size), table="raw.delivery")
        lake.publish("raw.delivery", [file], Partitions.everything(), {})
        assert lake.files("raw.delivery") == [file]
    assert [s.rows for s in lake.history("raw.delivery")] == [2, 5, 3]
    with pytest.raises(LakeError, match="not partitioned by business_date"):
        lake.publish("raw.delivery", [file], Partitions.on(DAY(0)), {})


def test_a_further_partition_column_narrows_what_is_replaced(lake, candidate):
    table = "quarantine.card"
    lake.ensure(table, SCHEMA, ("business_date", "card_token"), "")
    files = [
        candidate.select(f"VALUES (DATE '2024-01-01', '{rule}', 1, 1)", table=table)
        for rule in ("raw/card", "stage/card")
    ]
    at_raw, at_stage = {"card_token": "raw/card"}, {"card_token": "stage/card"}
    lake.publish(table, files, Partitions.everything(), {})
    lake.publish(table, [], Partitions.on(DAY(0), **at_stage), {})
    assert lake.files(table) == files[:1]
    with pytest.raises(LakeError, match="stage/card, which is not being replaced"):
        lake.publish(table, files[1:], Partitions.on(DAY(0), **at_raw), {})


def test_manifests_do_not_pile_up(lake, candidate):
    for number in [*range(40), *range(5)]:
        lake.publish(TABLE, candidate([number]), Partitions.on(DAY(number)), {})
    table = lake.load(TABLE)
    assert len(table.current_snapshot().manifests(table.io)) <= 18
    assert lake.dates(TABLE) == {DAY(n): 3 for n in range(40)}
    assert [s.rows for s in lake.history(TABLE)] == [*range(3, 123, 3), *[120] * 5]


@pytest.mark.slow
def test_a_replaced_partition_copies_a_part_of_many(lake, candidate):
    many = candidate(range(600), rows=1)
    lake.publish(TABLE, many, Partitions.everything(), {})
    for number in (7, 8):
        lake.publish(TABLE, candidate([number], rows=2), Partitions.on(DAY(number)), {})
    table = lake.load(TABLE)
    sizes = [m.existing_files_count for m in table.current_snapshot().manifests(table.io)]
    assert max(sizes) <= 256
    assert len(lake.files(TABLE)) == 600
    assert sum(lake.dates(TABLE).values()) == 602


def test_no_value_of_a_customer_is_in_the_metadata(lake, candidate):
    file = candidate.select("VALUES (DATE '2024-01-01', 'SECRET-TOKEN', 1, 1)")
    lake.publish(TABLE, [file], Partitions.everything(), {})
    table = lake.load(TABLE)
    (manifest,) = table.current_snapshot().manifests(table.io)
    (entry,) = manifest.fetch_manifest_entry(table.io)
    day = table.schema().find_field("business_date").field_id
    assert set(entry.data_file.lower_bounds) == set(entry.data_file.upper_bounds) == {day}


def test_a_lost_race_is_run_again_on_what_the_winner_left(lake, candidate, monkeypatch, rows):
    """A writer that takes no turns gets in between load and commit, the first three times."""
    real = lake._catalog.commit_table
    intruders = iter([5, 6, 7])

    def late(table, requirements, updates):
        if number := next(intruders, None):
            monkeypatch.setattr(lake._catalog, "commit_table", real)
            target = lake.load(TABLE)
            files = describe(target, candidate([number], generation=9))
            commit(target, files, Partitions.on(DAY(number)), {"run_id": "intruder"})
            monkeypatch.setattr(lake._catalog, "commit_table", late)
        return real(table, requirements, updates)

    monkeypatch.setattr(lake._catalog, "commit_table", late)
    lake.publish(TABLE, candidate([0], generation=1), Partitions.on(DAY(0)), {"run_id": "late"})
    assert [s.run_id for s in lake.history(TABLE)] == [*["intruder"] * 3, "late"]
    assert rows("SELECT generation, count(*) FROM t GROUP BY ALL ORDER BY ALL") == [(1, 3), (9, 9)]


def test_a_writer_that_never_wins_says_so_and_leaves_nothing(lake, candidate, monkeypatch):
    from pyiceberg.exceptions import CommitFailedException

    def lost(*_: object) -> None:
        raise CommitFailedException("taken")

    metadata = lake.warehouse_dir / "stage" / "card" / "metadata"
    before = sorted(metadata.iterdir())
    monkeypatch.setattr(lake_catalog, "WAITS", (0.0, 0.0, 0.0))
    monkeypatch.setattr(lake._catalog, "commit_table", lost)
    with pytest.raises(CommitConflictError, match=r"stage\.card: 3 commits in a row lost"):
        lake.publish(TABLE, candidate([0]), Partitions.on(DAY(0)), {})
    assert lake.files(TABLE) == []
    assert sorted(metadata.iterdir()) == before


def test_what_a_reader_planned_stays_readable(lake: LocalLake, candidate: Candidate):
    lake.publish(TABLE, candidate([0]), Partitions.on(DAY(0)), {})
    (planned,) = lake.files(TABLE)
    content = Path(planned).read_bytes()
    for generation in range(3):
        lake.publish(TABLE, candidate([0], generation=generation), Partitions.on(DAY(0)), {})
    assert Path(planned).read_bytes() == content
