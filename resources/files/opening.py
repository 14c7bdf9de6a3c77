"""The one place that opens DuckDB: always with a memory limit, never with foreign extensions."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

Setting = str | bool | int | float | list[str]
_USUAL = 5_000_000_000
_CGROUP = Path("/sys/fs/cgroup/memory.max")


def usable_memory() -> int:
    """Return the bytes that engines may use together: 60 % of the machine, or its container."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):
        machine = min(machine, int(_CGROUP.read_text(encoding="ascii")))
    return machine * 6 // 10


def default_memory() -> str:
    """Return what DuckDB may use: by itself it takes 15 GB for 50 M transactions, and need not."""
    return f"{min(_USUAL, usable_memory())}B"


def open_duckdb(
    *, memory_limit: str | None = None, **settings: Setting | None
) -> duckdb.DuckDBPyConnection:
    """Open a database in memory that knows UTC alone; settings of None are left out."""
    import duckdb

    config: dict[str, Setting] = {
        "autoinstall_known_extensions": False,
        "allow_community_extensions": False,
        "memory_limit": memory_limit or default_memory(),
        # Without a folder that is stated, DuckDB would spill records into the working directory.
        "temp_directory": "",
        **{name: value for name, value in settings.items() if value is not None},
    }
    connection = duckdb.connect(config=config)
    connection.execute("SET TimeZone = 'UTC'")
    # What takes seconds would draw a bar on the standard output.
    connection.execute("SET enable_progress_bar = false")
    return connection
