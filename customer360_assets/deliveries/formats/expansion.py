"""How far a compressed file may expand: a small one can hold more than a machine."""

from __future__ import annotations

from customer360_assets.deliveries.formats.errors import RefusedError
from customer360_assets.feeds.spec import FeedSpec

FREE = 64 << 20
"""Bytes to which every file may expand, however small it is."""
_GB = 1_000_000_000


def refuse_expanded(expanded: int, spec: FeedSpec) -> None:
    """Raise RefusedError when a file holds more bytes than its feed allows."""
    if expanded > spec.max_expanded_gb * _GB:
        raise RefusedError(
            f"expands to more than {spec.max_expanded_gb:g} GB, the feed's max_expanded_gb"
        )


class Expansion:
    """A running account of compressed bytes and of those that they became."""

    def __init__(self, spec: FeedSpec) -> None:
        self._spec = spec
        self.read = 0
        self._expanded = 0

    def add(self, expanded: int, *, unread: int) -> None:
        """Account for further bytes; `unread` of those read are still compressed.

        Raises RefusedError as soon as a limit is passed: what follows is not expanded.
        """
        self._expanded += expanded
        refuse_expanded(self._expanded, self._spec)
        used = self.read - unread
        if self._expanded > max(FREE, used * self._spec.max_expansion):
            raise RefusedError(
                f"expands to more than {self._spec.max_expansion:,} times its size, "
                "the feed's max_expansion"
            )
