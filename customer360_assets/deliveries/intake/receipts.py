"""Receipts: each new delivery has the next number of its feed, whoever else takes deliveries in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from customer360_assets.feeds.dates import date_in_name
from customer360_assets.feeds.spec import FeedSpec
from resources.protocols.archive import Content
from resources.protocols.landing import LandedFile
from resources.protocols.ledger import Ledger, Receipt


class Receipts:
    """The receipts of a feed; `newest` has the SHA-256 of each file name's newest delivery."""

    def __init__(self, ledger: Ledger, spec: FeedSpec) -> None:
        self._ledger, self._spec = ledger, spec
        self._read()

    def _read(self) -> None:
        known = self._ledger.receipts(self._spec.feed)
        self._last = known[-1].seq if known else 0
        self.newest = {receipt.file: receipt.sha256 for receipt in known}

    def register(
        self, archived: Sequence[tuple[LandedFile, Content]], run_date: dt.date
    ) -> list[Receipt]:
        """Return the receipts of new deliveries, which are kept then, in their order.

        None of a file that another process has registered with the same bytes meanwhile.
        """
        while new := [(f, c) for f, c in archived if self.newest.get(f.key) != c.sha256]:
            receipts = [
                self._receipt(self._last + number, file, content, run_date)
                for number, (file, content) in enumerate(new, start=1)
            ]
            if self._ledger.register(receipts):
                self._last = receipts[-1].seq
                self.newest |= {r.file: r.sha256 for r in receipts}
                return receipts
            # Whoever took a number has registered something that is not known here yet.
            self._read()
        return []

    def _receipt(self, seq: int, file: LandedFile, content: Content, run_date: dt.date) -> Receipt:
        date, refused = business_date_of(self._spec, file.key, run_date)
        return Receipt(
            feed=self._spec.feed,
            seq=seq,
            file=file.key,
            bytes=content.bytes,
            sha256=content.sha256,
            run_date=run_date,
            business_date=date,
            refused=refused,
        )


def business_date_of(
    spec: FeedSpec, file: str, run_date: dt.date
) -> tuple[dt.date | None, str | None]:
    """Return the date that a file's name or the run states, or the reason why there is none.

    Both are None when a column of each record states it.
    """
    if spec.business_date.source == "run":
        return run_date, None
    if spec.business_date.pattern is None:
        return None, None
    try:
        return date_in_name(spec.business_date.pattern, file.rpartition("/")[2]), None
    except ValueError as error:
        return None, f"no business date: {error}"
