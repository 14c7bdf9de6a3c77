"""Which releases know an environment's ledger: one of an earlier release is never taken for empty.

An environment without an entry in its table is new, or of an earlier release, or has lost its
table. The archive shows which: by the receipts of an earlier release, or by a mark that
the table was once in use.
"""

from __future__ import annotations

from resources.account.client import client
from resources.account.errors import explained
from resources.deployment.whereabouts import LAYOUT
from resources.dynamodb.ledger_requests import LedgerTable
from resources.dynamodb.ledger_table import layout_key
from resources.protocols.ledger import LedgerError
from resources.s3.objects import bucket_and_key, put_once, read_bytes

MARK = "ledger"
"""The archive's object that names the table of the receipts, once it has any."""


def layout_of_ledger(table: LedgerTable) -> int | None:
    """Return the version of a table's layout; None if the table states none."""
    item = table.item(layout_key())
    return int(item["layout_number"]["N"]) if item else None


def refuse_unready(table: LedgerTable, archive: str, region: str) -> None:
    """Raise LedgerError for a table that is not of this release; give a new one its layout.

    One request, of a table in use.
    """
    layout = layout_of_ledger(table)
    if layout == LAYOUT:
        return
    refuse_newer_ledger(table, layout)
    if layout is not None or _holds_something(archive, region):
        refuse_lost(table, layout, archive, region)
        raise LedgerError(
            f"The ledger, DynamoDB table {table.name}, does not hold yet what an earlier release"
            f" keeps in the archive {archive}: run customer360 upgrade with CUSTOMER360_DEPLOYMENT"
            " as it is here."
        )
    record_ledger_layout(table, archive, region)


def refuse_newer_ledger(table: LedgerTable, layout: int | None) -> None:
    """Raise LedgerError if a newer release has made or upgraded the table."""
    if layout is not None and layout > LAYOUT:
        raise LedgerError(
            f"The ledger, DynamoDB table {table.name}, has layout {layout} of a newer release of"
            f" customer360, and this one knows layouts up to {LAYOUT}: use the newer release."
        )


def refuse_lost(table: LedgerTable, layout: int | None, archive: str, region: str) -> None:
    """Raise LedgerError if the table was in use and is empty: all files would get new numbers."""
    if layout is not None:
        return
    try:
        read_bytes(client("s3", region), f"{archive}/{MARK}")
    except FileNotFoundError:
        return
    raise LedgerError(
        f"The ledger, DynamoDB table {table.name}, is empty, and the archive {archive} belongs to"
        " one that was in use: restore the table to a point in time before it was lost"
        " (docs/aws.md)."
    )


def record_ledger_layout(table: LedgerTable, archive: str, region: str) -> None:
    """Write down that the table has the layout of this release, and that it is in use."""
    table.write([{"PutRequest": {"Item": {**layout_key(), "layout_number": {"N": f"{LAYOUT}"}}}}])
    put_once(client("s3", region), f"{archive}/{MARK}", table.name.encode())


def _holds_something(archive: str, region: str) -> bool:
    bucket, prefix = bucket_and_key(f"{archive}/")
    with explained("list", archive):
        found = client("s3", region).list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)
    return bool(found.get("KeyCount"))
