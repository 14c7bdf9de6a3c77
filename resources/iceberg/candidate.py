"""What a candidate's Parquet files are to Iceberg, and whether they fit their table."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from resources.iceberg.arrow_errors import is_refusal
from resources.iceberg.files import partition_of
from resources.protocols.lake_types import LakeError, Partitions
from resources.side_by_side import side_by_side

if TYPE_CHECKING:
    from pyiceberg.io import FileIO
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table


HIDDEN = 1_000_000_000
"""The field id of an engine's own column: no table will ever have so many columns."""


class Footer(NamedTuple):
    """What a Parquet file says of itself, and its bytes."""

    metadata: Any
    size: int


def footer_of(io: "FileIO", path: str) -> Footer:
    """Read a file's footer, wherever it is; LakeError when it has none or cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with io.new_input(path).open() as file:
            opened: Any = file
            return Footer(pq.read_metadata(opened), opened.size())
    except pa.ArrowInvalid as problem:
        raise LakeError(f"{path} is not a readable Parquet file") from problem
    except FileNotFoundError as problem:
        raise LakeError(f"{path} is gone") from problem
    except OSError as problem:
        if is_refusal(problem):
            raise
        raise LakeError(f"{path} cannot be read as Parquet: {problem}") from problem


def visible(arrow: Any) -> Any:
    """The Arrow schema without the engine's own columns, which start with "__"."""
    import pyarrow as pa

    return pa.schema([field for field in arrow if not field.name.startswith("__")])


def describe(table: "Table", paths: Sequence[str]) -> list["DataFile"]:
    """Iceberg's description of candidate files, from their footers; files of no rows are left out.

    A file that lacks a column, has one too many or another type, or mixes partitions is a
    LakeError that names the file and the column. A column that starts with "__" is the engine's
    own: no reader of the table sees it.
    """
    from pyiceberg.types import StringType

    from resources.iceberg.pyiceberg_internals import (
        StatisticsCollector,
        compute_statistics_plan,
        match_metrics_mode,
        parquet_path_to_id_mapping,
    )

    schema = table.schema()
    plan = compute_statistics_plan(schema, table.properties)
    columns = defaultdict(lambda: HIDDEN, parquet_path_to_id_mapping(schema))
    plan[HIDDEN] = StatisticsCollector(HIDDEN, StringType(), match_metrics_mode("none"), "__")
    checked: list[Any] = []
    described = []
    footers = side_by_side(lambda path: footer_of(table.io, path), paths)
    for path, footer in zip(paths, footers, strict=True):
        arrow = visible(footer.metadata.schema.to_arrow_schema())
        if not any(arrow.equals(known) for known in checked):
            _check_schema(table, path, arrow)
            checked.append(arrow)
        if footer.metadata.num_rows:
            described.append(_describe_file(table, path, footer, plan, columns))
    return described


def _check_schema(table: "Table", path: str, arrow: Any) -> None:
    """Names, types and field ids equal the table's: readers take the files as they are."""
    from pyiceberg.io.pyarrow import UnsupportedPyArrowTypeException, pyarrow_to_schema

    schema = table.schema()
    for problem, names in (
        ("lacks", set(schema.column_names) - set(arrow.names)),
        ("has, and the table has not,", set(arrow.names) - set(schema.column_names)),
    ):
        if names:
            raise LakeError(f"{path} {problem} column {', '.join(sorted(names))}")
    try:
        given = pyarrow_to_schema(arrow, name_mapping=schema.name_mapping)
    except (UnsupportedPyArrowTypeException, ValueError) as problem:
        raise LakeError(f"{path} has a type that Iceberg has not: {problem}") from problem
    for field in schema.fields:
        found = given.find_field(field.name)
        if (found.field_id, found.field_type) != (field.field_id, field.field_type):
            raise LakeError(
                f"{path} has {field.name} as {found.field_type} (field id {found.field_id}), "
                f"the table as {field.field_type} (field id {field.field_id})"
            )


def _describe_file(
    table: "Table", path: str, footer: Footer, plan: Any, columns: dict[str, int]
) -> "DataFile":
    from pyiceberg.manifest import DataFile, DataFileContent, FileFormat

    from resources.iceberg.pyiceberg_internals import data_file_statistics_from_parquet_metadata

    statistics = data_file_statistics_from_parquet_metadata(footer.metadata, plan, columns)
    try:
        partition = statistics.partition(table.spec(), table.schema())
    except ValueError as problem:
        raise LakeError(f"{path} has rows of more than one partition") from problem
    for position, field in enumerate(table.spec().fields):
        if partition[position] is None or statistics.null_value_counts.get(field.source_id, 1):
            raise LakeError(f"{path} has rows without {field.name}, or no statistics of it")
    serialized = statistics.to_serialized_dict()
    # Sizes of every column would be most of a manifest, and nothing here reads them.
    serialized["column_sizes"] = {}
    described = DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=path,
        file_format=FileFormat.PARQUET,
        partition=partition,
        file_size_in_bytes=footer.size,
        sort_order_id=None,
        equality_ids=None,
        key_metadata=None,
        **serialized,
    )
    described.spec_id = table.spec().spec_id
    return described


def check_inside(table: "Table", files: Sequence["DataFile"], replace: Partitions) -> None:
    """Raise LakeError for a file with rows outside the partitions that are replaced."""
    for file in files:
        values = partition_of(table, file)
        if not replace.hold(values):
            shown = ", ".join(f"{column} {value}" for column, value in values.items())
            raise LakeError(f"{file.file_path} has rows of {shown}, which is not being replaced")
