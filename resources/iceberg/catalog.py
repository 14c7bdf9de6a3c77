"""The catalog of a lake: where its tables are, and how a commit to one is tried again."""

import os
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from resources.files.sqlite_files import file_address, read_only_options
from resources.iceberg.addresses import address_of
from resources.protocols.lake_types import CommitConflictError, MissingTableError

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

T = TypeVar("T")
FILE_IO = "resources.iceberg.local_files.LocalFileIO"

# Writers of one machine take turns, so a conflict is with a change of schema or a foreign writer.
WAITS = tuple(min(0.01 * 2**n, 0.5) for n in range(24))


@dataclass(frozen=True)
class Place:
    """A table's name in the lake, its name in the catalog, and the address of its files."""

    table: str
    identifier: str
    location: str


def open_catalog(uri: str, warehouse: Path) -> "Catalog":
    """The catalog, created when missing; any number of processes may open it at once."""
    from sqlalchemy.engine import make_url

    from resources.iceberg.sqlite_catalog import LakeCatalog

    url, database = make_url(uri), database_of(uri)
    if not database.exists():
        _create(database)
    if options := read_only_options(database):
        url = url.set(database=file_address(database)).update_query_dict({**options, "uri": "true"})
    return LakeCatalog(
        "lake",
        uri=url.render_as_string(hide_password=False),
        warehouse=address_of(warehouse),
        **{"py-io-impl": FILE_IO},
        init_catalog_tables="false",
    )


def database_of(uri: str) -> Path:
    """Return the SQLite file of a catalog's address."""
    from sqlalchemy.engine import make_url

    return Path(make_url(uri).database or "")


def _create(database: Path) -> None:
    """Move a finished catalog into place: two processes that create tables collide in SQLite."""
    from pyiceberg.catalog.sql import SqlCatalog
    from sqlalchemy import text
    from sqlalchemy.engine import URL

    database.parent.mkdir(parents=True, exist_ok=True)
    draft = database.with_name(f".{database.name}.{uuid.uuid4().hex}")
    catalog = SqlCatalog("lake", uri=str(URL.create("sqlite", database=str(draft))))
    with catalog.engine.connect() as connection:
        # Write-ahead logging lets readers go on while a writer commits; the file remembers it.
        connection.execute(text("PRAGMA journal_mode=WAL"))
    catalog.engine.dispose()
    try:
        os.link(draft, database)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def make_namespace(catalog: "Catalog", schema: str) -> None:
    """Create a schema in the SQLite catalog."""
    from pyiceberg.exceptions import NamespaceAlreadyExistsError
    from sqlalchemy.exc import IntegrityError

    # That another process made it is all that is wanted.
    with suppress(NamespaceAlreadyExistsError, IntegrityError):
        catalog.create_namespace(schema)


def load(catalog: "Catalog", identifier: str, table: str | None = None) -> "Table":
    """The table as it stands now; an error names it `table`, if that is another name."""
    from pyiceberg.exceptions import NoSuchTableError

    try:
        return catalog.load_table(identifier)
    except NoSuchTableError:
        raise MissingTableError(f"{table or identifier} is not in the lake") from None


def committed(table: str, attempt: Callable[[], T]) -> T:
    """The result of `attempt`, which reloads the table and commits; again after each conflict."""
    from pyiceberg.exceptions import CommitFailedException

    for wait in WAITS:
        try:
            return attempt()
        except CommitFailedException:
            time.sleep(wait)
    raise CommitConflictError(f"{table}: {len(WAITS)} commits in a row lost to other writers")
