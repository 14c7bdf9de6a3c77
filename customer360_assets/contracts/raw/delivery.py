"""raw.delivery: the manifest of everything that was ever delivered."""

from __future__ import annotations

from customer360_assets.contracts.columns import BigInt, Date, Text, column
from customer360_assets.contracts.contract import Contract, Table


class Delivery(Table):
    """One row per delivery of a feed: a file as it came in, and what became of it."""

    delivery_id: Text = column("The feed's name and the order of arrival.")
    delivery_seq: BigInt = column("Order of arrival within the feed, from 1.", ge=1)
    feed: Text = column("The feed that the file belongs to.")
    file: Text = column("The file as it was named in the landing zone.")
    bytes: BigInt = column("Size of the file in bytes.", ge=0)
    sha256: Text = column("SHA-256 of the file's bytes, the name of its copy in the archive.")
    business_date: Date = column(
        "Date delivered for; that of most records where they state it, the later of equals; null "
        "where none could be recorded.",
        nullable=True,
    )
    dates_in_force: Text = column(
        "The business dates that are made from it, oldest first, a blank between two; several "
        "where records state them. Null when it is not in force.",
        nullable=True,
    )
    status: Text = column(
        """loaded; superseded by a later delivery; duplicate of one that is loaded; refused.""",
        isin=["loaded", "superseded", "duplicate", "refused"],
    )
    reason: Text = column(
        "Why it was refused, what superseded it, or what was odd about it.", nullable=True
    )
    records: BigInt = column(
        "Records in the file, counted from its lines; null where none could be counted.",
        nullable=True,
    )
    loaded: BigInt = column("Records typed into raw.", nullable=True)
    quarantined: BigInt = column("Records put into quarantine.", nullable=True)
    values_set_aside: BigInt = column(
        "Values of loaded records that are null in raw and kept in quarantine.", nullable=True
    )


CONTRACT = Contract(
    Delivery,
    table="raw.delivery",
    key=("delivery_id",),
    reads="delta",
    partitioned=False,
    owner="team:customer-data",
)
