"""How long and how actively each client has been with the bank, and what it must add up to."""

from __future__ import annotations

from typing import Any

from customer360_assets.contracts.columns import BigInt, Date, Growth, Rate, Total, column
from customer360_assets.contracts.contract import Contract, Control, Table
from customer360_assets.contracts.dimension._attributed import BOOKED, RECENT

_90 = "dated in the 90 days that end with the business date"
_12 = "from add_months(D + 1 day, -12) up to D, D being the business date"


def _a_month(of: str) -> Any:
    return column(
        f"{of} x 30 / 90: interactions in 30 days. Four decimals, half up.",
        pii="quasi",
        nullable=True,
        ge=0,
    )


def _growth(months: int) -> Any:
    return column(
        "Sum over own accounts of the balance at the end of the business date D minus that before"
        f" add_months(D + 1 day, -{months}), account currency. An account without an earlier"
        " transaction held 0. Null without a transaction that states a balance, and while no"
        " transaction of the bank is that old.",
        pii="quasi",
        nullable=True,
    )


def _ratio(months: int) -> Any:
    return column(
        f"loyalty_asset_growth_{months}m / the earlier balance, four decimals, half up; null where"
        " that was 0 or less.",
        pii="quasi",
        nullable=True,
    )


class Loyalty(Table):
    """Tenure, recency, activity and growth of each CRM client as of the business date.

    One row per CRM client. Transactions and balances are those of the accounts that the client is
    the primary owner of (of the owners that CRM knows the one with the lowest disp_id). Delivered
    again, a transaction, card or session counts as delivered last. A column is null when a feed
    that it needs has not delivered by then, and a count is 0 for a client without any.
    """

    business_date: Date = column("As-of date: nothing delivered or dated after it is read.")
    client_id: BigInt = column("The client's number in CRM.", pii="pseudonym")
    loyalty_since_date: Date = column(
        "client_created_date of stage.customer; where it is absent, or after the business date, the"
        " earliest creation_date of an account that the client owns, joint ones too.",
        pii="quasi",
        nullable=True,
    )
    loyalty_tenure_years: Rate = column(
        "Completed months from that date to the business date / 12, four decimals, half up. A month"
        " from the 31st is complete on the last day of a shorter one.",
        pii="quasi",
        nullable=True,
        ge=0,
    )
    loyalty_recency_days: BigInt = column(
        "Days from the last own transaction to the business date; null without any.",
        pii="quasi",
        nullable=True,
        ge=0,
    )
    loyalty_active_months_12m: BigInt = column(
        "Calendar months with at least one own transaction: that of the business date, which may be"
        " unfinished, and the 11 before it.",
        nullable=True,
        in_range={"min_value": 0, "max_value": 12},
    )
    loyalty_transactions_90d: BigInt = column(f"Own transactions {_90}.", nullable=True, ge=0)
    loyalty_web_sessions_90d: BigInt = column(
        f"Web sessions {_90} by session_date, of every visitor that maps to the client.",
        nullable=True,
        ge=0,
    )
    loyalty_transactions_a_month: Rate = _a_month("loyalty_transactions_90d")
    loyalty_web_sessions_a_month: Rate = _a_month("loyalty_web_sessions_90d")
    loyalty_interactions_a_month: Rate = _a_month(
        "(loyalty_transactions_90d + loyalty_web_sessions_90d)"
    )
    loyalty_new_accounts_12m: BigInt = column(
        f"Accounts that the client owns, joint ones too, created {_12}.", nullable=True, ge=0
    )
    loyalty_new_cards_12m: BigInt = column(
        f"Cards on the client's own dispositions issued {_12}.", nullable=True, ge=0
    )
    loyalty_asset_growth_3m: Total = _growth(3)
    loyalty_asset_growth_ratio_3m: Growth = _ratio(3)
    loyalty_asset_growth_6m: Total = _growth(6)
    loyalty_asset_growth_ratio_6m: Growth = _ratio(6)


CONTRACT = Contract(
    Loyalty,
    table="dimension.loyalty",
    key=("business_date", "client_id"),
    prefix="loyalty_",
    controls=(
        Control(
            "every attributed transaction of 90 days counts once",
            "coalesce(sum(loyalty_transactions_90d), 0)",
            f"{BOOKED} SELECT count(*) {RECENT}",
        ),
    ),
)
