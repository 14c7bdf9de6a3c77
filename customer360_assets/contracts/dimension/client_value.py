"""What each client keeps at and moves through the bank, and the totals that it must add up to."""

from __future__ import annotations

from typing import Any

from customer360_assets.contracts.columns import BigInt, Date, Text, Total, column
from customer360_assets.contracts.contract import Contract, Control, Table
from customer360_assets.contracts.dimension._attributed import BOOKED, LAST_BALANCES, RECENT

_90 = "dated in the 90 days that end with the business date, from stage.transaction"
_CUTS = "cut-points stand in cut_points of sql/dimensions/client_value.sql"


def _score(of: str, cuts: str) -> Any:
    return column(
        f"5 (best) to 1 by {of}: {cuts}, else 1. Fixed {_CUTS}, so that equal clients have equal"
        " scores.",
        pii="quasi",
        nullable=True,
        in_range={"min_value": 1, "max_value": 5},
    )


class ClientValue(Table):
    """Balances, flows and their recency, frequency and monetary scores of each CRM client.

    One row per CRM client. An account and its transactions belong to its primary owner alone (of
    the owners that CRM knows the one with the lowest disp_id), so that sums over clients are sums
    over accounts. A transaction delivered again counts as delivered last. The balance of an account
    on a day is that of its last transaction on or before it by (date, trans_id) which states one.
    Counts, flows and scores are null when no transaction or no disposition has been delivered by
    then; without transactions counts and flows are 0 and scores 1, while balances are null:
    nobody has stated one. Amounts are in the accounts' currency.
    """

    business_date: Date = column("As-of date: nothing delivered or dated after it is read.")
    client_id: BigInt = column("The client's number in CRM.", pii="pseudonym")
    value_accounts: BigInt = column(
        "Accounts that the client is the primary owner of, from stage.disposition; null when none"
        " has been delivered.",
        nullable=True,
        ge=0,
    )
    value_balance: Total = column(
        "Sum of those accounts' balances at the end of the business date; one that no transaction"
        " has stated adds nothing.",
        pii="quasi",
        nullable=True,
    )
    value_average_daily_balance_90d: Total = column(
        "Sum over accounts of balance times days held, over the 90 days that end with the business"
        " date, divided by 90; half a cent up. Held is what a day ends with. Days before an"
        " account's first stated balance count as 0.",
        pii="quasi",
        nullable=True,
    )
    value_transactions_90d: BigInt = column(f"Transactions {_90}.", nullable=True, ge=0)
    value_credits_90d: Total = column(
        f"Sum of the amounts of credits {_90}.", pii="quasi", nullable=True, ge=0
    )
    value_debits_90d: Total = column(
        f"Sum of the amounts of debits {_90}.", pii="quasi", nullable=True, ge=0
    )
    value_net_flow_90d: Total = column(
        "value_credits_90d - value_debits_90d.", pii="quasi", nullable=True
    )
    value_recency_days: BigInt = column(
        "Days from the last transaction, however old, to the business date; null without any.",
        pii="quasi",
        nullable=True,
        ge=0,
    )
    value_recency_score: BigInt = _score(
        "value_recency_days", "at most 7 days 5, 14 days 4, 30 days 3, 90 days 2"
    )
    value_frequency_score: BigInt = _score(
        "value_transactions_90d", "at least 60 transactions 5, 30 4, 12 3, 3 2"
    )
    value_monetary_score: BigInt = _score(
        "value_credits_90d", "at least 15,000 5, 7,500 4, 3,000 3, 600 2"
    )
    value_segment: Text = column(
        "The first that holds: inactive, no transaction ever; dormant, recency 1; at risk, recency"
        " 2; champion, all three scores 4 or more; high value, monetary 4 or more; loyal, frequency"
        " 4 or more; occasional, frequency and monetary 2 or less; else regular.",
        pii="quasi",
        nullable=True,
        isin=[
            "inactive",
            "dormant",
            "at risk",
            "champion",
            "high value",
            "loyal",
            "occasional",
            "regular",
        ],
    )


CONTRACT = Contract(
    ClientValue,
    table="dimension.client_value",
    key=("business_date", "client_id"),
    prefix="value_",
    owner="team:core-banking",
    controls=(
        Control(
            "balances of clients are the last balances of attributed accounts",
            "coalesce(sum(value_balance), 0)",
            f"{LAST_BALANCES} SELECT coalesce(sum(balance), 0) FROM last_balances",
        ),
        Control(
            "credits and debits of 90 days are those of the attributed transactions",
            "coalesce(sum(value_credits_90d + value_debits_90d), 0)",
            f"{BOOKED} SELECT coalesce(sum(booked.amount), 0) {RECENT}",
        ),
    ),
)
