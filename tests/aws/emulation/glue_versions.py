"""What Glue refuses and moto's Glue accepts: an update of a version that is not the newest.

Without it a lost race would overwrite the winner, and no test could see one.
"""

from __future__ import annotations

import threading
from typing import Any

COMMENT_BYTES = 255
_ONE_AT_A_TIME = threading.Lock()


def install() -> None:
    """Make moto, in this process, check versions and comments as Glue does. Idempotent."""
    from moto.glue.models import GlueBackend
    from moto.glue.responses import GlueResponse

    if hasattr(GlueResponse, "checks_versions"):
        return
    update, create = GlueResponse.update_table, GlueBackend.create_table
    swap = GlueBackend.update_table

    def update_table(self: Any) -> Any:
        wanted = self.parameters.get("VersionId")
        database, table = self.parameters["DatabaseName"], self.parameters["TableInput"]["Name"]
        with _ONE_AT_A_TIME:
            newest = self.glue_backend.get_table(database, table).as_dict()["VersionId"]
            if wanted is not None and wanted != newest:
                raise _refusal("ConcurrentModificationException", f"Version {newest} is newer.")
            return update(self)

    def create_table(self: Any, database: str, table: str, given: Any, *more: Any) -> Any:
        _check(given)
        return create(self, database, table, given, *more)

    def swap_table(self: Any, database: str, table: str, given: Any) -> Any:
        _check(given)
        return swap(self, database, table, given)

    GlueResponse.update_table = update_table
    GlueResponse.checks_versions = True
    GlueBackend.create_table = create_table
    GlueBackend.update_table = swap_table


def _check(table_input: Any) -> None:
    for column in table_input.get("StorageDescriptor", {}).get("Columns", ()):
        comment = column.get("Comment", "")
        if len(comment.encode()) > COMMENT_BYTES or "\n" in comment:
            raise _refusal(
                "InvalidInputException", f"Comment of {column['Name']} is not valid: {comment}"
            )


def _refusal(code: str, message: str) -> Exception:
    from moto.core.exceptions import JsonRESTError

    return JsonRESTError(code, message)
