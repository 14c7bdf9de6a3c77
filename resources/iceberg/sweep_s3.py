"""Housekeeping of what killed runs and expired snapshots left behind on S3."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from resources.iceberg.sweep import shown
from resources.protocols.lake_types import LakeError
from resources.s3.mirror import S3, address, delete_objects

if TYPE_CHECKING:
    from pyiceberg.table import Table

CLAIM = "_claimed"
"""An empty object that makes a candidate's folder one writer's own: S3 has no folders."""
Object = tuple[str, datetime]


def note_expired(s3: Any, location: str, files: set[str]) -> None:
    """Write down that these files are about to lose their last snapshot.

    An object's time cannot be set. A reader may have planned on the files: their age as orphans
    counts from this note's time, which is S3's as theirs is.
    """
    if files:
        uri = f"{location}/expired/{uuid.uuid4().hex}.json"
        s3.put_object(**address(uri), Body=json.dumps(sorted(files)).encode())


def objects(s3: Any, prefix: str) -> Iterator[Object]:
    """Yield the addresses under a prefix and when each was written."""
    where = address(prefix)
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=where["Bucket"], Prefix=where["Key"]
    )
    for page in pages:
        for found in page.get("Contents", ()):
            yield f"{S3}{where['Bucket']}/{found['Key']}", found["LastModified"]


def remove_orphans(
    s3: Any, location: str, load: Callable[[], "Table"], older_than: datetime, keys: str = ""
) -> list[str]:
    """Delete old files of a table's candidates that no snapshot shows; their addresses.

    keys: how the keys of the candidates begin. No lock keeps a publisher away, so a candidate must
    be given more time than any run takes: a file that is published between the look at the table
    and the deletion would be lost.
    """
    if older_than.tzinfo is None:
        raise LakeError("older_than needs a time zone")
    found = dict(objects(s3, f"{location}/data/{keys}"))
    old = {uri for uri, written in found.items() if written < older_than}
    notes = list(objects(s3, f"{location}/expired/"))
    spared = {file for uri, written in notes if written >= older_than for file in _read(s3, uri)}
    # After the listing: what was published meanwhile is known.
    table = load()
    known = shown(table, table.snapshots())
    orphans = old - known - spared
    # A folder with files stays claimed: a name used twice would meet them.
    used = {_folder(uri) for uri in found.keys() - orphans}
    orphans = {u for u in orphans if not (u.endswith(f"/{CLAIM}") and _folder(u) in used)}
    spent = [uri for uri, written in notes if written < older_than]
    delete_objects(s3, [*orphans, *spent])
    return sorted(orphans)


def _folder(uri: str) -> str:
    return uri.partition("/data/")[2].partition("/")[0]


def _read(s3: Any, uri: str) -> list[str]:
    return [str(file) for file in json.loads(s3.get_object(**address(uri))["Body"].read())]
