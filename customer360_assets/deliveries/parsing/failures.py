"""The errors of an intake, raised when all else is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from customer360_assets.deliveries.formats.errors import ParseError
from customer360_assets.deliveries.parsing.delivery import Delivery
from resources.protocols.errors import ExplainedError


class ParseFailuresError(ParseError):
    """Deliveries that could not be parsed: each with its file and the kind of failure, no values.

    Whatever else there was to parse has been parsed.
    """

    def __init__(self, failures: Iterable[tuple[Delivery, ParseError]]) -> None:
        self.failures = tuple(failures)
        reasons = "; ".join(f"{delivery.file} ({error})" for delivery, error in self.failures)
        super().__init__(f"{len(self.failures)} deliveries could not be parsed: {reasons}")

    @property
    def files(self) -> frozenset[str]:
        """The names under which they were delivered."""
        return frozenset(delivery.file for delivery, _ in self.failures)


class IntakeError(ExplainedError, RuntimeError):
    """Files that could not be read and deliveries that could not be parsed; no values.

    unread: files with the kind of failure. Everything else was taken in.
    """

    def __init__(
        self, unread: Mapping[str, str], parse_failures: Sequence[ParseFailuresError]
    ) -> None:
        reasons = [str(error) for error in parse_failures]
        if unread:
            files = "; ".join(f"{file} ({kind})" for file, kind in unread.items())
            reasons.append(f"{len(unread)} files could not be read: {files}")
        super().__init__(". ".join([*reasons, "All else was taken in."]))
        # The cause decides whether the error is transient.
        self.__cause__ = parse_failures[0] if parse_failures else None
