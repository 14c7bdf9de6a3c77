"""The ledger of an environment on AWS that is of an earlier release: filled from its bucket.

All else of an environment has one form in every release: archived bytes and profile items; tables
follow their contracts at each intake; S3 checks its objects; a worker's own folder is made anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from customer360_assets.runs.upgrade_ledger import Named, copy_files
from resources.account.aws_names import AwsNames
from resources.account.client import client
from resources.deployment.whereabouts import LAYOUT
from resources.dynamodb.ledger import DynamoLedger
from resources.dynamodb.ledger_layout import (
    layout_of_ledger,
    record_ledger_layout,
    refuse_lost,
    refuse_newer_ledger,
)
from resources.s3.objects import bucket_and_key, listed, read_bytes
from resources.side_by_side import side_by_side

AT_ONCE = 200
"""Objects that are read before the first of them is copied."""


class S3Files:
    """What an earlier release kept of deliveries in the bucket `raw`; see EarlierFiles."""

    def __init__(self, names: AwsNames) -> None:
        self._s3 = client("s3", names.region)
        self._archive, self._raw = names.archive, names.schema_location("raw")

    def feeds(self) -> list[str]:
        """See EarlierFiles."""
        places = (f"{self._archive}/receipts/", f"{self._raw}/")
        pages = (page for place in places for page in listed(self._s3, place, Delimiter="/"))
        found = [folder["Prefix"] for page in pages for folder in page.get("CommonPrefixes", ())]
        return sorted({prefix.rstrip("/").rpartition("/")[2] for prefix in found})

    def receipts(self, feed: str, after: int) -> Iterator[Named]:
        """See EarlierFiles."""
        place = f"{self._archive}/receipts/{feed}/"
        start = f"{bucket_and_key(place)[1]}{after:08d}.json"
        return self._read(self._objects(place, StartAfter=start))

    def results(self, feed: str) -> Iterator[Named]:
        """See EarlierFiles."""
        found = self._objects(f"{self._raw}/{feed}/data/")
        return self._read(uri for uri in found if uri.endswith("/parsed.json"))

    def archived(self, folder: str) -> Iterator[Named]:
        """See EarlierFiles."""
        for uri, text in self._read(self._objects(f"{self._archive}/{folder}/")):
            yield uri.rpartition("/")[2], text

    def _objects(self, place: str, **options: str) -> Iterator[str]:
        bucket, _ = bucket_and_key(place)
        for page in listed(self._s3, place, **options):
            yield from (f"s3://{bucket}/{found['Key']}" for found in page.get("Contents", ()))

    def _read(self, uris: Iterable[str]) -> Iterator[Named]:
        given = iter(uris)
        while part := list(islice(given, AT_ONCE)):
            yield from zip(part, side_by_side(lambda u: read_bytes(self._s3, u), part), strict=True)


def upgrade_environment(names: AwsNames) -> Iterator[str]:
    """Fill an environment's ledger; yield a line for what was done, none if there was nothing.

    What is copied already stays, and the layout is written last: one that is killed is repeated.
    Raises LedgerError for an environment of a newer release, and for a table that was lost.
    """
    ledger = DynamoLedger(names.ledger_table, names.region)
    layout = layout_of_ledger(ledger.table)
    if layout == LAYOUT:
        return
    refuse_newer_ledger(ledger.table, layout)
    refuse_lost(ledger.table, layout, names.archive, names.region)
    receipts, results = copy_files(ledger, S3Files(names))
    record_ledger_layout(ledger.table, names.archive, names.region)
    yield f"Ledger: {receipts:,} receipts and {results:,} results of parsing copied into it."
