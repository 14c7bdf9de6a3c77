"""The operand that waits while files are taken in: those of a minute then share their runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from customer360_assets.automation.conditions.condition_operands import Context, Operand
from customer360_assets.automation.conditions.planner import Planner
from customer360_assets.planning.outlook import Outlook

AT_MOST = dt.timedelta(minutes=10)
"""Where files come all day some are always being taken in, and a run may hang: no longer than this
after the first tick that waited."""
LABEL = "files are being taken in"


class TakingIn(Operand):
    """An intake is queued or in progress."""

    def __init__(self, planner: Planner, table: str) -> None:
        super().__init__(planner, table, LABEL)
        self._since: str | None = None

    def dates(self, context: Context, outlook: Outlook) -> Iterable[dt.date]:
        """Yield all candidate dates while intake waits."""
        keys = sorted(context.candidate_subset.expensively_compute_partition_keys())
        if not keys or not self.planner.takes_in:
            self._since = None
            return
        # Kept until no file is being taken in: a wait that was too long does not begin anew.
        self._since = context.cursor or context.evaluation_time.isoformat()
        until = dt.datetime.fromisoformat(self._since) + AT_MOST
        if context.evaluation_time >= until:
            return
        context.log.info(
            f"{self.table} waits for the end of take_in_deliveries, until {until:%H:%M} UTC at"
            " most: what arrives together is made together."
        )
        yield from map(dt.date.fromisoformat, keys)

    def state(self) -> str | None:
        """Return the time since when it waits."""
        return self._since
