"""CRM clients as delivered, typed."""

from __future__ import annotations

import datetime as dt

from customer360_assets.contracts.columns import BigInt, Date, Text, Timestamp, column
from customer360_assets.contracts.contract import Contract, Table


class Customer(Table):
    """One row per CRM client and delivered snapshot."""

    business_date: Date = column("Business date of the snapshot.")
    client_id: BigInt = column("The client's number in CRM.", pii="pseudonym", ge=0)
    birth_date: Date = column(
        "Date of birth.",
        pii="personal",
        nullable=True,
        ge=dt.date(1850, 1, 1),
        not_after="business_date",
    )
    age: BigInt = column(
        "Age in years as CRM states it; dimensions work it out from birth_date.",
        pii="quasi",
        nullable=True,
        in_range={"min_value": 0, "max_value": 130},
    )
    home_ownership: Text = column(
        "O owns, R rents, U unknown to CRM; null where the bank does not record it.",
        pii="quasi",
        nullable=True,
        isin=["O", "R", "U"],
    )
    occupation: Text = column("Occupation in CRM's words.", pii="quasi", nullable=True)
    marital_status: Text = column(
        "M married, S single, D divorced.", pii="quasi", nullable=True, isin=["M", "S", "D"]
    )
    head_of_household_flag: Text = column(
        "Y heads a household, N does not.", pii="quasi", nullable=True, isin=["Y", "N"]
    )
    client_created_date: Timestamp = column(
        "When CRM created the client.",
        pii="quasi",
        nullable=True,
        not_after="business_date",
    )
    delivery_id: Text = column("The delivery it came in; raw.delivery names its file.")
    line_no: BigInt = column("Line of the record in the delivered file, from 1.", ge=1)


CONTRACT = Contract(
    Customer,
    table="stage.customer",
    key=("business_date", "client_id"),
    reads="snapshot",
    feed="crm_customer",
    owner="team:crm",
)
