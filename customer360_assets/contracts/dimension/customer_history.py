"""What each client's accounts received and paid, and the total that it must add up to."""

from __future__ import annotations

from typing import Any

from customer360_assets.contracts.columns import BigInt, Date, Money, Rate, Total, column
from customer360_assets.contracts.contract import Contract, Control, Table

_OWNER = ("stage.disposition.client_id",)
_COUNTED = ("stage.transaction.trans_id", "stage.transaction.type", "stage.transaction.date")
_AMOUNT = ("stage.transaction.amount", "stage.transaction.type", "stage.transaction.date")
_OPERATION = ("stage.transaction.operation", "stage.transaction.date")


def _window(months: int) -> str:
    return f"dated in [add_months(D + 1 day, -{months}), D + 1 day), D being the business date"


def _count(what: str, months: int) -> Any:
    return column(
        f"Number of {what} {_window(months)}.",
        nullable=True,
        ge=0,
        derived_from=_COUNTED + _OWNER,
    )


def _sum(what: str, months: int) -> Any:
    return column(
        f"Sum of the amounts of {what} {_window(months)}; account currency.",
        pii="quasi",
        nullable=True,
        ge=0,
        derived_from=_AMOUNT + _OWNER,
    )


def _average(what: str, months: int) -> Any:
    return column(
        f"Sum / count of the {what} {_window(months)}: not an average of averages. Four decimals,"
        " half up; null without any.",
        pii="quasi",
        nullable=True,
        ge=0,
        derived_from=_AMOUNT + _OWNER,
    )


def _operations(what: str, code: str) -> Any:
    return column(
        f"Number of transactions with operation {code} ({what}) {_window(6)}.",
        nullable=True,
        ge=0,
        derived_from=_OPERATION + _OWNER,
    )


def _operation_sum(what: str, code: str) -> Any:
    return column(
        f"Sum of the amounts of transactions with operation {code} ({what}), whichever way they"
        f" went, {_window(6)}; account currency.",
        pii="quasi",
        nullable=True,
        ge=0,
        derived_from=("stage.transaction.amount", *_OPERATION, *_OWNER),
    )


def _largest(what: str) -> Any:
    return column(
        f"Largest single {what} {_window(6)}; account currency; null without any.",
        pii="quasi",
        nullable=True,
        ge=0,
        derived_from=_AMOUNT + _OWNER,
    )


def _last_date(what: str) -> Any:
    return column(
        f"Date of the latest {what} up to the business date, however old; null without any.",
        pii="quasi",
        nullable=True,
        derived_from=("stage.transaction.date", "stage.transaction.type", *_OWNER),
    )


def _last_amount(what: str) -> Any:
    return column(
        f"Amount of the {what} with the highest trans_id of that date; account currency.",
        pii="quasi",
        nullable=True,
        ge=0,
        derived_from=(*_AMOUNT, "stage.transaction.trans_id", *_OWNER),
    )


class CustomerHistory(Table):
    """Credits and debits of each CRM client's accounts as of the business date.

    One row per CRM client. A transaction belongs to the primary owner of its account alone: of the
    dispositions of type owner whose client is in CRM, the one with the lowest disp_id. A joint
    account therefore counts once, and sums over clients are sums over the attributed transactions.
    Read are transactions delivered and dated up to the business date, each once (delivered again,
    its latest delivery stands). A column is null when no transaction or no disposition has been
    delivered by then; for a client without transactions counts and sums are 0, the rest is null.
    """

    business_date: Date = column("As-of date: nothing delivered or dated after it is read.")
    client_id: BigInt = column(
        "The client's number in CRM.",
        pii="pseudonym",
        derived_from=("stage.customer.client_id",),
    )
    history_credit_count_3m: BigInt = _count("credits", 3)
    history_credit_sum_3m: Total = _sum("credits", 3)
    history_credit_avg_3m: Rate = _average("credits", 3)
    history_debit_count_3m: BigInt = _count("debits", 3)
    history_debit_sum_3m: Total = _sum("debits", 3)
    history_debit_avg_3m: Rate = _average("debits", 3)
    history_credit_count_6m: BigInt = _count("credits", 6)
    history_credit_sum_6m: Total = _sum("credits", 6)
    history_credit_avg_6m: Rate = _average("credits", 6)
    history_debit_count_6m: BigInt = _count("debits", 6)
    history_debit_sum_6m: Total = _sum("debits", 6)
    history_debit_avg_6m: Rate = _average("debits", 6)
    history_card_withdrawal_count_6m: BigInt = _operations("card withdrawal", "CCW")
    history_card_withdrawal_sum_6m: Total = _operation_sum("card withdrawal", "CCW")
    history_cash_credit_count_6m: BigInt = _operations("credit in cash", "CCK")
    history_cash_credit_sum_6m: Total = _operation_sum("credit in cash", "CCK")
    history_collection_count_6m: BigInt = _operations("collection from another bank", "CAB")
    history_collection_sum_6m: Total = _operation_sum("collection from another bank", "CAB")
    history_cash_withdrawal_count_6m: BigInt = _operations("withdrawal in cash", "WCA")
    history_cash_withdrawal_sum_6m: Total = _operation_sum("withdrawal in cash", "WCA")
    history_remittance_count_6m: BigInt = _operations("remittance to another bank", "RAB")
    history_remittance_sum_6m: Total = _operation_sum("remittance to another bank", "RAB")
    history_no_operation_count_6m: BigInt = _operations("such as interest", "null")
    history_no_operation_sum_6m: Total = _operation_sum("such as interest", "null")
    history_largest_credit_6m: Money = _largest("credit")
    history_largest_debit_6m: Money = _largest("debit")
    history_last_credit_date: Date = _last_date("credit")
    history_last_debit_date: Date = _last_date("debit")
    history_last_credit_amount: Money = _last_amount("credit")
    history_last_debit_amount: Money = _last_amount("debit")
    history_last_transaction_date: Date = _last_date("transaction of either type")


# The same total without attributing anything: an account counts when CRM knows any owner of it.
_ATTRIBUTED = """
WITH as_of AS (
    SELECT CAST(? AS date) AS business_date
),

customers AS (
    SELECT client_id FROM stage.customer
    WHERE business_date = (
        SELECT max(business_date) FROM stage.customer
        WHERE business_date <= (SELECT as_of.business_date FROM as_of)
    )
),

accounts AS (
    SELECT DISTINCT account_id FROM stage.disposition
    WHERE
        business_date = (
            SELECT max(business_date) FROM stage.disposition
            WHERE business_date <= (SELECT as_of.business_date FROM as_of)
        )
        AND type = 'owner'
        AND client_id IN (SELECT customers.client_id FROM customers)
),

latest AS (
    SELECT trans_id, trans_scope, max(business_date) AS business_date
    FROM stage.transaction
    WHERE business_date <= (SELECT as_of.business_date FROM as_of)
    GROUP BY trans_id, trans_scope
)

SELECT coalesce(sum(booked.amount), 0)
FROM stage.transaction AS booked
INNER JOIN latest
    ON
        booked.trans_id = latest.trans_id
        AND booked.trans_scope = latest.trans_scope
        AND booked.business_date = latest.business_date
CROSS JOIN as_of
WHERE
    booked.account_id IN (SELECT accounts.account_id FROM accounts)
    AND booked."date" <= as_of.business_date
    AND booked."date" >= date_add('month', -6, date_add('day', 1, as_of.business_date))
"""

CONTRACT = Contract(
    CustomerHistory,
    table="dimension.customer_history",
    key=("business_date", "client_id"),
    prefix="history_",
    owner="team:core-banking",
    controls=(
        Control(
            "credits and debits of 6 months are those of the attributed transactions",
            "coalesce(sum(history_credit_sum_6m + history_debit_sum_6m), 0)",
            _ATTRIBUTED,
        ),
    ),
)
