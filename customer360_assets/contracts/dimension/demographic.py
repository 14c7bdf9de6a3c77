"""Who each client is, and the regular income that its accounts show."""

from __future__ import annotations

from customer360_assets.contracts.columns import BigInt, Bool, Date, Money, Rate, Text, column
from customer360_assets.contracts.contract import Contract, Control, Table
from customer360_assets.contracts.dimension._attributed import CLIENTS


class Demographic(Table):
    """Age, stage of life, household and estimated income of each CRM client.

    One row per CRM client, from the newest CRM snapshot up to the business date. What CRM does not
    state is null. The income is read from transactions of the accounts that the client is the
    primary owner of (of the owners that CRM knows the one with the lowest disp_id), each as
    delivered last.
    """

    business_date: Date = column("As-of date: nothing delivered or dated after it is read.")
    client_id: BigInt = column("The client's number in CRM.", pii="pseudonym")
    demographic_age: BigInt = column(
        "Completed years from birth_date to the business date; a year from 29 February is complete"
        " on 1 March. Null without a birth date, or with one after the business date.",
        pii="quasi",
        nullable=True,
        in_range={"min_value": 0, "max_value": 250},
    )
    demographic_life_stage: Text = column(
        "Band of demographic_age (to 17, 25, 44, 64, and older), split by household: married,"
        " head of a household alone, in another's household, or not stated. Bands and names stand"
        " in life_stages of sql/dimensions/demographic.sql.",
        pii="quasi",
        nullable=True,
    )
    demographic_home_ownership: Text = column(
        "From home_ownership of CRM: O own, R rent, U unknown to CRM.",
        pii="quasi",
        nullable=True,
        isin=["own", "rent", "unknown"],
    )
    demographic_head_of_household: Bool = column(
        "From head_of_household_flag of CRM.", pii="quasi", nullable=True
    )
    demographic_marital_status: Text = column(
        "From marital_status of CRM: M, S, D.",
        pii="quasi",
        nullable=True,
        isin=["married", "single", "divorced"],
    )
    demographic_occupation: Text = column("Occupation in CRM's words.", pii="quasi", nullable=True)
    demographic_monthly_income: Money = column(
        "Estimate: the middle one of three collections from another bank (operation CAB) to one"
        " account within 100 days, each 25 to 36 days after the one before and the last at most 36"
        " days before the business date, whose largest and smallest differ by at most 20 % of the"
        " middle one. Of several such series the one with the largest middle. Account currency;"
        " null without such evidence. Equal collections of one day count as one; an account with"
        " more than 100 different ones in the 100 days is a business's and shows no income. The"
        " limits stand in income_rules of sql/dimensions/demographic.sql.",
        pii="personal",
        nullable=True,
        gt=0,
    )
    demographic_income_method: Text = column(
        "How it was estimated; null without an estimate.",
        nullable=True,
        isin=["recurring_credit"],
    )
    demographic_income_confidence: Rate = column(
        "0.5 + 0.25 x (1 - amount spread / 20 % of the middle) + 0.25 x (1 - difference of the two"
        " gaps / 11 days): 1 for equal amounts at equal gaps, 0.5 at both limits. Four decimals,"
        " half up.",
        nullable=True,
        in_range={"min_value": 0, "max_value": 1},
    )
    demographic_income_last_date: Date = column(
        "Date of the last of the three.", pii="quasi", nullable=True
    )


CONTRACT = Contract(
    Demographic,
    table="dimension.demographic",
    key=("business_date", "client_id"),
    prefix="demographic_",
    controls=(Control("every client of CRM has a row", "count(*)", CLIENTS),),
)
