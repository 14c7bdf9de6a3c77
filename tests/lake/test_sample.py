"""A sample of a candidate: bounded, the same each time, from all over the files."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from resources.files.parquet import BUFFER, READ_WHOLE, sample, spread
from resources.iceberg.local_lake import LocalLake
from tests.lake.lake_writers import TABLE, Candidate


class Counted(io.FileIO):
    """A file that counts the bytes that are read of it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        done = super().read(size) or b""
        self.taken += len(done)
        return done


def write(path: Path, numbers: range, group: int) -> str:
    table = pa.table({"n": pa.array(numbers, pa.int64()), "__own": pa.array(["x"] * len(numbers))})
    pq.write_table(table, path, row_group_size=group, compression="none", use_dictionary=False)
    return str(path)


def numbers(files: list[str], rows: int) -> list[int]:
    found = sample(files, pa.OSFile, rows)
    assert found.column_names == ["n"]
    listed: list[int] = found["n"].to_pylist()
    return listed


def test_positions_are_spread() -> None:
    assert spread(3, 5) == [0, 1, 2]
    assert spread(10, 5) == [0, 2, 4, 6, 8]
    assert spread(7, 3) == [0, 2, 4]
    assert spread(0, 3) == []


def test_few_rows_are_taken_whole(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{i}", range(i * 10, i * 10 + 4), 3) for i in range(3)]
    assert numbers(files, 1000) == [0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23]


def test_many_rows_come_from_all_row_groups_and_stay_below_the_bound(tmp_path: Path) -> None:
    file = write(tmp_path / "one", range(1000), 100)
    # Of ten groups the first, third, sixth and eighth; of each two rows of the 40 that are read.
    assert numbers([file], 8) == [0, 20, 200, 220, 500, 520, 700, 720]


def test_of_many_files_some_are_read(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{i:02}", range(i, i + 1), 1) for i in range(32)]
    assert numbers(files, 1000) == list(range(0, 32, 2))
    assert numbers(files, 3) == [0, 2, 4]


def test_no_files_and_no_rows_are_an_empty_sample(tmp_path: Path) -> None:
    assert sample([], pa.OSFile, 10).num_rows == 0
    assert numbers([write(tmp_path / "empty", range(0), 1)], 10) == []


def test_a_large_file_is_not_read_whole(tmp_path: Path) -> None:
    rows = 4 * READ_WHOLE // 8
    file = write(tmp_path / "large", range(rows), rows)
    assert Path(file).stat().st_size > 4 * READ_WHOLE
    counted = Counted(file)
    assert sample([file], lambda _: pa.PythonFile(counted, mode="r"), 10).num_rows == 10
    assert 0 < counted.taken < 3 * BUFFER


@pytest.mark.parametrize(
    "kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
)
def test_text_is_text_however_its_writer_had_it(tmp_path: Path, kind: pa.DataType) -> None:
    pq.write_table(pa.table({"t": pa.array(["a", None], kind)}), tmp_path / "text")
    assert sample([str(tmp_path / "text")], pa.OSFile, 10).equals(pa.table({"t": ["a", None]}))


@pytest.mark.parametrize("published", [False, True])
def test_a_lake_samples_files_that_nobody_sees_yet(
    lake: LocalLake, candidate: Candidate, published: bool
) -> None:
    from resources.protocols.lake import Partitions
    from tests.lake.lake_writers import DAY

    files = candidate([0, 1], rows=4)
    if published:
        lake.publish(TABLE, files, Partitions.on(DAY(0), DAY(1)), {})
    found = lake.sample(TABLE, files, 6)
    assert found["card_token"].to_pylist() == ["token0", "token1", "token2"] * 2
