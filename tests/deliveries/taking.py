"""Intake without parsing: what is new is archived, and its files are noted as taken."""

from __future__ import annotations

from typing import Any

from customer360_assets.deliveries.intake.take_in import Intake, note_taken, take_in


def take_in_only(landing: Any, archive: Any, ledger: Any, *given: Any) -> Intake:
    """Return what an intake found whose files all parse."""
    found = take_in(landing, archive, ledger, *given)
    for feed, states in found.states.items():
        note_taken(ledger, feed, states)
    return found
