"""What a simulated bank is made from: size, days, seed, and the share of each defect."""

from dataclasses import dataclass, field, fields
from datetime import date, timedelta

MOST_DAYS = 4000
"""A row id of the simulator has 12 bits for the day."""


@dataclass(frozen=True)
class DefectShares:
    """Shares in [0, 1]. Of a feed's rows in each delivery, or of its deliveries; 0 plants none.

    A share of deliveries that is not 0 plants at least one, in a feed with enough deliveries.
    """

    # Of rows.
    unknown_code: float = 0.0004
    quoted_number: float = 0.0004
    date_shape: float = 0.0004
    bad_date: float = 0.0004
    column_more: float = 0.0004
    column_fewer: float = 0.0004
    blank_line: float = 0.0004
    repeated_id: float = 0.0004
    orphan: float = 0.0004
    broken_json: float = 0.0004
    new_field: float = 0.002
    # Of deliveries.
    html: float = 0.01
    truncated: float = 0.01
    wrong_encoding: float = 0.01
    byte_order_mark: float = 0.02
    crlf: float = 0.02
    redelivered: float = 0.02
    corrected: float = 0.02
    late_delivery: float = 0.01
    missing: float = 0.01
    # Of transactions: recorded one to five days after their date.
    late_row: float = 0.004

    def __post_init__(self) -> None:
        """Raise ValueError for a share outside [0, 1]."""
        wrong = [f.name for f in fields(self) if not 0 <= getattr(self, f.name) <= 1]
        if wrong:
            raise ValueError(f"not a share between 0 and 1: {', '.join(wrong)}")

    @classmethod
    def none(cls) -> "DefectShares":
        """A bank whose deliveries are all sound."""
        return cls(**{f.name: 0.0 for f in fields(cls)})


@dataclass(frozen=True)
class Settings:
    """A bank's size and time. The same settings give the same bytes."""

    customers: int = 2_000
    days: int = 200
    seed: int = 7
    end: date = date(2024, 6, 30)
    transactions_per_customer: float = 50.0
    """Over all days; what salaries, rents and bills leave is spent by card and in cash."""
    sessions_per_customer: float = 3.0
    """Web visits over all days."""
    snapshot_every: int = 7
    """Days between full deliveries of accounts and dispositions."""
    cards_every: int = 7
    """Days between deliveries of newly issued cards."""
    defects: DefectShares = field(default_factory=DefectShares)

    def __post_init__(self) -> None:
        """Raise ValueError for a bank that cannot be."""
        if self.customers < 1 or not 1 <= self.days <= MOST_DAYS:
            raise ValueError(f"a bank has at least 1 customer, and between 1 and {MOST_DAYS} days")
        if self.snapshot_every < 1 or self.cards_every < 1:
            raise ValueError("deliveries are at least a day apart")

    @property
    def first_day(self) -> date:
        """The first business date."""
        return self.end - timedelta(days=self.days - 1)

    def day(self, day_no: int) -> date:
        """The business date of a day counted from 0."""
        return self.first_day + timedelta(days=day_no)

    @property
    def variables(self) -> dict[str, object]:
        """Return what the SQL of the simulator reads with getvariable()."""
        return {
            "seed": self.seed,
            "customers": self.customers,
            "days": self.days,
            "first_day": self.first_day,
            "last_day": self.end,
            "branches": max(5, min(300, self.customers // 400)),
            "new_share": min(0.5, 0.06 * self.days / 200),
            "churn_share": min(0.5, 0.05 * self.days / 200),
            "late_share": self.defects.late_row,
            "transactions": round(self.customers * self.transactions_per_customer),
            "sessions": round(self.customers * self.sessions_per_customer),
        }
