"""What a bank may set for an environment, besides its names: sizes, limits, who reads how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import get_args

from customer360_assets.contracts.columns import PersonalData

CLASSES: tuple[str, ...] = get_args(PersonalData)
"""Classes of personal data, the least first."""


def _readers() -> Mapping[str, str]:
    return MappingProxyType({"analyst": "quasi", "steward": "personal"})


@dataclass(frozen=True)
class Settings:
    """Sizes and limits of an environment.

    scan_limit_gb: what one query may read. daily_scan_gb: what raises an alarm in a day.
    readers: the roles of people, each with the highest class of personal data that it may see.
    """

    scan_limit_gb: int = 500
    reader_scan_limit_gb: int = 50
    daily_scan_gb: int = 5_000
    glue_workers: int = 10
    glue_minutes: int = 120
    emr_vcpu: int = 100
    emr_memory_gb: int = 400
    log_days: int = 365
    readers: Mapping[str, str] = field(default_factory=_readers)

    def __post_init__(self) -> None:
        """Refuse a reader's class that no column can have."""
        if odd := sorted(set(self.readers.values()) - set(CLASSES)):
            raise ValueError(f"readers: {odd} are not among {CLASSES}")

    def classes_of(self, reader: str) -> tuple[str, ...]:
        """Return the classes that a reader may see."""
        return CLASSES[: CLASSES.index(self.readers[reader]) + 1]
