"""Iceberg tables whose folder has moved: their metadata names every file by its whole path."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.files.sqlite_files import connect
from resources.iceberg.addresses import address_of, path_of

if TYPE_CHECKING:
    from pyiceberg.io import FileIO

CATALOG = "catalog.db"
LOCATIONS = ("metadata_location", "previous_metadata_location")
METADATA = "*/*/metadata"


@dataclass(frozen=True)
class Move:
    """Where files were named before, and where they are now."""

    old: Path
    new: Path

    def __call__(self, value: Any) -> Any:
        """Return a value with every path within it moved; one moved already stays."""
        if isinstance(value, dict):
            return {name: self(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self(one) for one in value]
        if not isinstance(value, str):
            return value
        path = path_of(value)
        if path != str(self.old) and not path.startswith(f"{self.old}/"):
            return value
        moved = f"{self.new}{path.removeprefix(str(self.old))}"
        return moved if path == value else address_of(moved)


def lake_of_catalog(database: Path) -> Path | None:
    """Return the folder of the lake by what its catalog says; None without any table."""
    with closing(connect(database)) as catalog:
        row = catalog.execute(
            "SELECT metadata_location FROM iceberg_tables WHERE metadata_location IS NOT NULL"
            " ORDER BY table_namespace, table_name LIMIT 1"
        ).fetchone()
    # <lake>/<schema>/<table>/metadata/<file>
    return Path(path_of(row[0])).parents[3] if row else None


def relocate(lake_dir: Path, move: Move) -> None:
    """Rewrite all that the tables of a lake say of where they are. May be repeated after a kill."""
    from resources.iceberg.local_files import LocalFileIO

    io = LocalFileIO()
    for folder in sorted(lake_dir.glob(METADATA)):
        files = sorted(folder.glob("*.avro"))
        lists = [file for file in files if file.name.startswith("snap-")]
        # A list states the size of each manifest, which its rewriting changes.
        for file in [*(f for f in files if f not in lists), *lists]:
            _rewrite_avro(file, move, io)
        for file in sorted(folder.glob("*.metadata.json")):
            _rewrite_json(file, move)
    with closing(connect(lake_dir / CATALOG)) as catalog:
        _rewrite_catalog(catalog, move)


def _rewrite_json(file: Path, move: Move) -> None:
    kept = json.loads(file.read_bytes())
    if (moved := move(kept)) != kept:
        draft = file.with_name(f".{file.name}")
        draft.write_text(json.dumps(moved), encoding="utf-8")
        _replace(draft, file)


def _rewrite_avro(file: Path, move: Move, io: FileIO) -> None:
    from resources.iceberg.pyiceberg_internals import AvroFile, AvroOutputFile

    with AvroFile[Any](io.new_input(str(file))) as source:
        records = list(source)
        schema, meta = source.schema, dict(source.header.meta)
    changed = [_moved(record, schema.fields, move) for record in records]
    if not any(changed):
        return
    draft, name = file.with_name(f".{file.name}"), json.loads(meta["avro.schema"])["name"]
    with AvroOutputFile[Any](io.new_output(str(draft)), schema, name, metadata=meta) as target:
        target.write_block(records)
    _replace(draft, file)


def _moved(record: Any, fields: Any, move: Move) -> bool:
    """Move the paths of a manifest's entry, or of a list's; return whether anything changed."""
    before = _values(record)
    for position, field in enumerate(fields):
        if field.name in {"file_path", "manifest_path"}:
            record[position] = move(record[position])
        elif field.name == "data_file" and _moved(record[position], field.field_type.fields, move):
            return True
        elif field.name == "manifest_length":
            record[position] = Path(path_of(record[0])).stat().st_size
    return before != _values(record)


def _values(record: Any) -> list[Any]:
    return [record[position] for position in range(len(record))]


def _replace(draft: Path, file: Path) -> None:
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    draft.replace(file)


def _rewrite_catalog(catalog: sqlite3.Connection, move: Move) -> None:
    catalog.execute("BEGIN IMMEDIATE")
    for column in LOCATIONS:
        rows = catalog.execute(f"SELECT rowid, {column} FROM iceberg_tables").fetchall()
        for row, location in rows:
            catalog.execute(
                f"UPDATE iceberg_tables SET {column} = ? WHERE rowid = ?", (move(location), row)
            )
    catalog.execute("COMMIT")


def missing_files(lake_dir: Path, move: Move) -> Iterator[str]:
    """Yield each file that a table's present state names and that is not there.

    The paths may still be those from before the move.
    """
    from pyiceberg.manifest import ManifestFile, read_manifest_list
    from pyiceberg.table.metadata import TableMetadataUtil

    from resources.iceberg.local_files import LocalFileIO

    io = LocalFileIO()

    def here(named: str) -> Path | None:
        path = Path(path_of(move(named)))
        return path if path.is_file() else None

    def lost(manifest: ManifestFile) -> Iterator[str]:
        path = here(manifest.manifest_path)
        if path is None:
            yield manifest.manifest_path
            return
        manifest[0] = str(path)
        for entry in manifest.fetch_manifest_entry(io):
            if here(entry.data_file.file_path) is None:
                yield entry.data_file.file_path

    with closing(connect(lake_dir / CATALOG)) as catalog:
        tables = catalog.execute("SELECT metadata_location FROM iceberg_tables").fetchall()
    for (location,) in tables:
        if (path := here(location)) is None:
            yield location
            continue
        state = TableMetadataUtil.parse_raw(path.read_text(encoding="utf-8")).current_snapshot()
        if state is None:
            continue
        if (manifests := here(state.manifest_list)) is None:
            yield state.manifest_list
            continue
        for manifest in read_manifest_list(io.new_input(str(manifests))):
            yield from lost(manifest)
