"""Which run goes first when several wait: Dagster takes the highest number."""

from __future__ import annotations

DAILY = "10"
"""What the day needs. A backfill has no priority, which is 0, and waits behind."""
