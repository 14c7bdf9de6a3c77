"""The date of arrival: the business date of files that state none themselves."""

from __future__ import annotations

import datetime as dt

DAY_BEFORE = dt.timedelta(days=1)


def arrival_date(partition: dt.date, started: dt.date, last: dt.date | None) -> dt.date:
    """Return the date of arrival of what a run takes in.

    partition: the newest business date of the run. started: the day (UTC) on which the run began.
    last: the end of a closed history, which is the present of all that arrives in it.
    A run for the present day, or for the day before, as the daily schedule asks for it, takes in
    what has arrived for its partition. Any earlier partition is a backfill: the file was not there
    at that time.
    """
    if last is not None:
        return last
    return partition if partition >= started - DAY_BEFORE else started
