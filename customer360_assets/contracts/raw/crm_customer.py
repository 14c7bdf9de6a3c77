"""raw.crm_customer: the CRM's customers as delivered."""

from __future__ import annotations

from customer360_assets.contracts.columns import BigInt, Date, Text, Timestamp, column
from customer360_assets.contracts.contract import Contract
from customer360_assets.contracts.raw._technical import Delivered


class CrmCustomer(Delivered):
    """One row per customer and CRM snapshot, as delivered."""

    client_id: BigInt = column("The bank's number of the client.", pii="pseudonym")
    birth_date: Date = column("Date of birth.", pii="personal", nullable=True)
    age: BigInt = column("Age in years as CRM states it.", pii="quasi", nullable=True)
    home_ownership: Text = column("O own, R rent, U unknown.", pii="quasi", nullable=True)
    occupation: Text = column("Occupation as written in CRM.", pii="quasi", nullable=True)
    marital_status: Text = column("M married, S single, D divorced.", pii="quasi", nullable=True)
    head_of_household_flag: Text = column(
        "Y when the client heads the household, else N.", pii="quasi", nullable=True
    )
    client_created_date: Timestamp = column("When CRM first knew the client.", nullable=True)


CONTRACT = Contract(
    CrmCustomer,
    table="raw.crm_customer",
    key=("business_date", "delivery_id", "line_no"),
    reads="snapshot",
    feed="crm_customer",
    owner="team:crm",
)
