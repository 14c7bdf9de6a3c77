"""How far each client's accounts have been below zero, and the totals that it must add up to."""

from __future__ import annotations

from customer360_assets.contracts.columns import BigInt, Date, Money, Total, column
from customer360_assets.contracts.contract import Contract, Control, Table
from customer360_assets.contracts.dimension._attributed import LAST_BALANCES

_DAY = "A day on which at least one own account ended below 0 counts once, however many did"


class Risk(Table):
    """Behavioural proxies for risk, as observed on each CRM client's accounts: not a score.

    One row per CRM client. Own accounts are those that the client is the primary owner of (of the
    owners that CRM knows the one with the lowest disp_id). The balance of a day is what it ended
    with: that of the last transaction on or before it by (date, trans_id) which states one; 0 is
    not overdrawn. The 90 days end with the business date. Columns are null when no transaction or
    no disposition has been delivered by then; without transactions counts are 0 and balances null.
    Amounts are in the accounts' currency.
    """

    business_date: Date = column("As-of date: nothing delivered or dated after it is read.")
    client_id: BigInt = column("The client's number in CRM.", pii="pseudonym")
    risk_days_overdrawn_90d: BigInt = column(
        f"Days of the 90. {_DAY}. From balance and date of stage.transaction.",
        pii="quasi",
        nullable=True,
        in_range={"min_value": 0, "max_value": 90},
    )
    risk_overdrawn_streak_days: BigInt = column(
        f"Days in a row, the business date the last of them, however long ago they began. {_DAY}."
        " 0 when none ended the business date below 0.",
        pii="quasi",
        nullable=True,
        ge=0,
    )
    risk_accounts_overdrawn: BigInt = column(
        "Own accounts that ended the business date below 0.", pii="quasi", nullable=True, ge=0
    )
    risk_overdrawn_amount: Total = column(
        "Total overdraft across own accounts, as a positive sum.",
        pii="quasi",
        nullable=True,
        ge=0,
    )
    risk_lowest_balance_90d: Money = column(
        "Lowest balance that a single own account ended one of the 90 days with.",
        pii="quasi",
        nullable=True,
    )
    risk_balance_volatility_90d: Money = column(
        "Population standard deviation of an own account's balance over those of the 90 days that"
        " it had one: sqrt(n * sum of squares - square of the sum) / n, exact decimals up to the"
        " root, half a cent up; of the own accounts the largest.",
        pii="quasi",
        nullable=True,
        ge=0,
    )


CONTRACT = Contract(
    Risk,
    table="dimension.risk",
    key=("business_date", "client_id"),
    prefix="risk_",
    owner="team:risk",
    controls=(
        Control(
            "what is overdrawn are the last balances below zero of attributed accounts",
            "coalesce(sum(risk_overdrawn_amount), 0)",
            f"{LAST_BALANCES} SELECT coalesce(sum(-balance), 0) FROM last_balances"
            " WHERE balance < 0",
        ),
    ),
)
