"""What each client holds, and the totals that it must add up to."""

from __future__ import annotations

from customer360_assets.contracts.columns import BigInt, Date, Text, column
from customer360_assets.contracts.contract import Contract, Control, Table

_BEFORE = "created on or before the business date, from stage.account"
_ISSUED = "issued on or before the business date, from stage.card"


class ProductHolding(Table):
    """Accounts, cards and acquisitions of each CRM client as of the business date.

    One row per CRM client. Every account and card counts once, however many dispositions lead to
    it and however often it was delivered (the latest delivery stands). A column is null when a feed
    that it needs has not delivered by then, and 0 for a client that has none.
    """

    business_date: Date = column(
        "As-of date: the newest snapshots and all cards delivered up to it are read."
    )
    client_id: BigInt = column("The client's number in CRM.", pii="pseudonym")
    product_dispositions: BigInt = column(
        "Dispositions of the client, from stage.disposition.", nullable=True, ge=0
    )
    product_accounts: BigInt = column(
        f"Distinct accounts that the client may dispose of, {_BEFORE}.", nullable=True, ge=0
    )
    product_accounts_owner: BigInt = column(
        "Those of product_accounts with a disposition of type owner. An account that the client"
        " both owns and uses counts in both roles.",
        nullable=True,
        ge=0,
    )
    product_accounts_user: BigInt = column(
        "Those of product_accounts with a disposition of type user.", nullable=True, ge=0
    )
    product_branches: BigInt = column(
        "Distinct branches that keep the client's accounts.", nullable=True, ge=0
    )
    product_cards: BigInt = column(
        f"Distinct cards on the client's own dispositions, {_ISSUED}.", nullable=True, ge=0
    )
    product_cards_junior: BigInt = column("Those of type junior.", nullable=True, ge=0)
    product_cards_classic: BigInt = column("Those of type classic.", nullable=True, ge=0)
    product_cards_gold: BigInt = column("Those of type gold.", nullable=True, ge=0)
    product_first_acquisition_date: Date = column(
        "Earliest of the accounts' creation_date and the cards' issued_datetime; null without"
        " either, and over the feeds that have delivered.",
        pii="quasi",
        nullable=True,
    )
    product_first_acquisition: Text = column(
        "What that was; ACCOUNT when both came at the same instant.",
        nullable=True,
        isin=["ACCOUNT", "CARD"],
    )
    product_days_since_first_acquisition: BigInt = column(
        "Days from that date to the business date.", nullable=True, ge=0
    )
    product_last_acquisition_date: Date = column(
        "Latest of the accounts' creation_date and the cards' issued_datetime.",
        pii="quasi",
        nullable=True,
    )
    product_last_acquisition: Text = column(
        "What that was; CARD when both came at the same instant.",
        nullable=True,
        isin=["ACCOUNT", "CARD"],
    )
    product_days_since_last_acquisition: BigInt = column(
        "Days from that date to the business date.", nullable=True, ge=0
    )


# The same totals by another way: sets of distinct keys, without windows, roles or types.
_AS_OF = """
WITH as_of AS (
    SELECT CAST(? AS date) AS business_date
),

clients AS (
    SELECT client_id FROM stage.customer
    WHERE business_date = (
        SELECT max(business_date) FROM stage.customer
        WHERE business_date <= (SELECT as_of.business_date FROM as_of)
    )
),

dispositions AS (
    SELECT disp_id, client_id, account_id FROM stage.disposition
    WHERE
        client_id IN (SELECT clients.client_id FROM clients)
        AND business_date = (
            SELECT max(business_date) FROM stage.disposition
            WHERE business_date <= (SELECT as_of.business_date FROM as_of)
        )
),
"""

_ACCOUNTS = f"""{_AS_OF}
accounts AS (
    SELECT account_id FROM stage.account
    WHERE
        CAST(creation_date AS date) <= (SELECT as_of.business_date FROM as_of)
        AND business_date = (
            SELECT max(business_date) FROM stage.account
            WHERE business_date <= (SELECT as_of.business_date FROM as_of)
        )
)

SELECT count(*) FROM (
    SELECT DISTINCT client_id, account_id FROM dispositions
    WHERE account_id IN (SELECT accounts.account_id FROM accounts)
) AS holdings
"""

_CARDS = f"""{_AS_OF}
last_delivered AS (
    SELECT card_token, max(business_date) AS business_date FROM stage.card
    WHERE business_date <= (SELECT as_of.business_date FROM as_of)
    GROUP BY card_token
)

SELECT count(DISTINCT card.card_token)
FROM stage.card AS card
INNER JOIN last_delivered
    ON
        card.card_token = last_delivered.card_token
        AND card.business_date = last_delivered.business_date
WHERE
    card.disp_id IN (SELECT dispositions.disp_id FROM dispositions)
    AND CAST(card.issued_datetime AS date) <= (SELECT as_of.business_date FROM as_of)
"""

CONTRACT = Contract(
    ProductHolding,
    table="dimension.product_holding",
    key=("business_date", "client_id"),
    prefix="product_",
    controls=(
        Control(
            "every account of a client counts once", "coalesce(sum(product_accounts), 0)", _ACCOUNTS
        ),
        Control("every card counts once", "coalesce(sum(product_cards), 0)", _CARDS),
        Control(
            "card types add up to all cards",
            "coalesce(sum(product_cards_junior + product_cards_classic + product_cards_gold), 0)",
            _CARDS,
        ),
    ),
)
