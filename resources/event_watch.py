"""Watch the events of a run in a SQLite database in write-ahead mode."""

import threading
from typing import Any

from watchdog.events import FileModifiedEvent, FileSystemEvent

from resources.dagster_internals import (
    INIT_POLL_PERIOD,
    MAX_POLL_PERIOD,
    SqliteEventLogStorageWatchdog,
)


class Watchdog(SqliteEventLogStorageWatchdog):
    """Dagster's, which misses what is in the write-ahead log until the last connection closes.

    SQLite makes a commit visible after the last write to the log, by shared memory, which no file
    watch reports. A modified file is therefore looked at again, and after that ever less often.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._modified = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._look, name="event-watch", daemon=True)

    def start(self) -> None:
        """Start calling back."""
        self._thread.start()

    def end(self) -> None:
        """End the calls; the one that is being made is the last."""
        self._ended = True
        self._modified.set()

    def dispatch(self, event: FileSystemEvent) -> None:
        """Handle a modification of the database or of its log."""
        files = (self._log_path, f"{self._log_path}-wal")
        if isinstance(event, FileModifiedEvent) and event.src_path in files:
            self._modified.set()

    def _look(self) -> None:
        pause = INIT_POLL_PERIOD
        while not self._ended:
            modified = self._modified.wait(pause)
            self._modified.clear()
            before = self._cursor
            if not self._ended:
                self._process_log()
            found = self._cursor != before
            pause = INIT_POLL_PERIOD if modified or found else min(2 * pause, MAX_POLL_PERIOD)
