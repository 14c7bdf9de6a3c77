"""A lake table's schema: created, and evolved as its contract grows."""

import uuid
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from resources.iceberg.catalog import Place, committed, load
from resources.protocols.lake_types import LakeError, MissingTableError, split

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.schema import Schema
    from pyiceberg.table import Table

PROPERTIES = {
    # A retry inside PyIceberg replays a delete that was planned on the older snapshot.
    "commit.retry.num-retries": "0",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "50",
    "write.parquet.compression-codec": "zstd",
    # Bounds of a column are values of customers: metadata holds those of partitions only.
    "write.metadata.metrics.default": "none",
}


def ensure(
    catalog: "Catalog",
    place: Place,
    schema: "Schema",
    partition_columns: tuple[str, ...],
    properties: Mapping[str, str],
    make_namespace: Callable[[str], None],
) -> None:
    """Create or evolve the table to this schema; see `Lake.ensure`."""
    from resources.iceberg.pyiceberg_internals import assign_fresh_schema_ids

    table = place.table
    wanted = assign_fresh_schema_ids(_nullable(schema))
    if unknown := sorted(set(partition_columns) - set(wanted.column_names)):
        raise LakeError(f"{table} has no column {', '.join(unknown)} to partition by")
    properties = {
        **PROPERTIES,
        **{f"write.metadata.metrics.column.{name}": "full" for name in partition_columns},
        **properties,
    }

    def attempt() -> None:
        try:
            current = load(catalog, place.identifier, table)
        except MissingTableError:
            make_namespace(split(table)[0])
            if _create(catalog, place, wanted, partition_columns, properties):
                return
            current = load(catalog, place.identifier, table)
        _evolve(table, current, wanted, partition_columns, properties)

    committed(table, attempt)


def _nullable(schema: "Schema") -> "Schema":
    """The schema without NOT NULL: engines write optional columns, and audits hold the rule."""
    from pyiceberg.schema import Schema

    return Schema(*[field.model_copy(update={"required": False}) for field in schema.fields])


def _create(
    catalog: "Catalog",
    place: Place,
    schema: "Schema",
    partition_columns: tuple[str, ...],
    properties: Mapping[str, str],
) -> bool:
    """Create the table; False when another process was first."""
    from pyiceberg.exceptions import TableAlreadyExistsError
    from pyiceberg.partitioning import PARTITION_FIELD_ID_START, PartitionField, PartitionSpec
    from pyiceberg.transforms import IdentityTransform

    spec = PartitionSpec(
        *[
            PartitionField(
                schema.find_field(name).field_id,
                PARTITION_FIELD_ID_START + position,
                IdentityTransform(),
                name,
            )
            for position, name in enumerate(partition_columns)
        ]
    )
    names = {"schema.name-mapping.default": schema.name_mapping.model_dump_json()}
    try:
        catalog.create_table(
            place.identifier,
            schema,
            location=place.location,
            partition_spec=spec,
            properties={**properties, **names},
        )
    except TableAlreadyExistsError:
        return False
    return True


def _evolve(
    table: str,
    current: "Table",
    wanted: "Schema",
    partition_columns: tuple[str, ...],
    properties: Mapping[str, str],
) -> None:
    """Commit what differs, if anything does, in one step."""
    if (spec := tuple(f.name for f in current.spec().fields)) != partition_columns:
        raise LakeError(
            f"{table} is partitioned by {', '.join(spec) or 'nothing'}, "
            f"the contract says {', '.join(partition_columns) or 'nothing'}"
        )
    have = {field.name: field for field in current.schema().fields}
    want = {field.name: field for field in wanted.fields}
    new = [name for name in want if name not in have]
    gone = [name for name in have if name not in want]
    changed = [
        name
        for name in want
        if name in have
        and (have[name].field_type, have[name].doc or "")
        != (want[name].field_type, want[name].doc or "")
    ]
    for name in changed:
        # PyIceberg refuses to promote a text to a text.
        if have[name].field_type != want[name].field_type:
            _check_promotion(f"{table}.{name}", have[name].field_type, want[name].field_type)
    stale = {k: v for k, v in properties.items() if current.properties.get(k) != v}
    ordered = list(have) == list(want)
    if ordered and not changed and not stale:
        return
    with current.transaction() as transaction:
        if stale:
            transaction.set_properties(stale)
        if changed or not ordered:
            with transaction.update_schema() as change:
                for name in gone:
                    change.delete_column(name)
                for name in new:
                    change.add_column(name, want[name].field_type, doc=want[name].doc)
                for name in changed:
                    change.update_column(name, want[name].field_type, doc=want[name].doc or "")
                if not ordered:
                    first, *rest = want
                    change.move_first(first)
                    for before, name in zip(want, rest, strict=False):
                        change.move_after(name, before)


def _check_promotion(column: str, have: object, want: object) -> None:
    from pyiceberg.exceptions import ResolveError
    from pyiceberg.schema import promote

    try:
        promote(have, want)  # type: ignore[arg-type]
        # PyIceberg compares the scale of a decimal with itself.
        if getattr(have, "scale", None) != getattr(want, "scale", None):
            raise ResolveError("another scale")
    except ResolveError:
        raise LakeError(
            f"{column} is {have}; Iceberg cannot make it {want} without a new column"
        ) from None


def empty_file(table: "Table", folder: Path) -> Path:
    """A Parquet file of no rows with the table's columns and types."""
    # A schema id never changes its meaning, so a file that is there is right.
    path = folder / f"{table.schema().schema_id}.parquet"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{path.name}.{uuid.uuid4().hex}"
        write_empty(table, draft)
        draft.replace(path)
    return path


def write_empty(table: "Table", where: Path | BytesIO) -> None:
    """Write no rows with the table's columns and types."""
    import pyarrow.parquet as pq
    from pyiceberg.io.pyarrow import schema_to_pyarrow

    arrow = schema_to_pyarrow(table.schema(), include_field_ids=False)
    pq.write_table(arrow.empty_table(), where, store_schema=False)
