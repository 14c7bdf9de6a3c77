"""Account transactions."""

from __future__ import annotations

from customer360_assets.contracts.columns import MOST_MONEY, BigInt, Date, Money, Text, column
from customer360_assets.contracts.contract import Contract, Reference, Table


class Transaction(Table):
    """One row per transaction and business date."""

    business_date: Date = column("Business date of the delivery; may be later than date.")
    trans_id: BigInt = column("The transaction's number.", pii="pseudonym", ge=0)
    trans_scope: Text = column(
        "What the number counts within, by the feed's key: values of its further columns. Empty"
        " where the number is unique by itself.",
        pii="pseudonym",
    )
    account_id: BigInt = column("Account that it was booked on.", pii="pseudonym", ge=0)
    date: Date = column("Date that it was booked, without the time of day.", pii="quasi")
    type: Text = column("credit (in) or debit (out).", isin=["credit", "debit"])
    operation: Text = column(
        "CCW card withdrawal, CCK credit in cash, CAB collection from another bank, WCA withdrawal"
        " in cash, RAB remittance to another bank; null where there is none, as on interest.",
        nullable=True,
        isin=["CCW", "CCK", "CAB", "WCA", "RAB"],
    )
    amount: Money = column(
        "Amount in the account's currency, never negative: type says which way. Interest can be 0.",
        pii="quasi",
        ge=0,
        le=MOST_MONEY,
    )
    balance: Money = column(
        "Balance of the account after it, in its currency; below 0 is overdrawn.",
        pii="quasi",
        nullable=True,
        in_range={"min_value": -MOST_MONEY, "max_value": MOST_MONEY},
    )
    delivery_id: Text = column("The delivery it came in; raw.delivery names its file.")
    line_no: BigInt = column("Line of the record in the delivered file, from 1.", ge=1)


CONTRACT = Contract(
    Transaction,
    table="stage.transaction",
    key=("business_date", "trans_id", "trans_scope"),
    reads="delta",
    feed="transaction",
    owner="team:core-banking",
    totals=("amount", "balance"),
    references=(Reference("account_id", "stage.account", "account_id"),),
)
