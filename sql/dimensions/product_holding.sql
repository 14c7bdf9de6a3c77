-- What each CRM client holds as of the business date: accounts, cards, branches, acquisitions.
WITH as_of AS (
    SELECT CAST(? AS date) AS business_date
),

newest AS (
    -- The newest delivery of each feed; NULL where it has not delivered by then.
    SELECT
        as_of.business_date,
        (
            SELECT max(customer.business_date) FROM stage.customer AS customer
            WHERE customer.business_date <= (SELECT as_of.business_date FROM as_of)
        ) AS customer_date,
        (
            SELECT max(account.business_date) FROM stage.account AS account
            WHERE account.business_date <= (SELECT as_of.business_date FROM as_of)
        ) AS account_date,
        (
            SELECT max(disposition.business_date) FROM stage.disposition AS disposition
            WHERE disposition.business_date <= (SELECT as_of.business_date FROM as_of)
        ) AS disposition_date,
        (
            SELECT max(card.business_date) FROM stage.card AS card
            WHERE card.business_date <= (SELECT as_of.business_date FROM as_of)
        ) AS card_date
    FROM as_of
),

zero_or_null AS (
    -- What a client without any shows: 0 where the feeds have delivered, NULL where nobody knows.
    SELECT
        business_date,
        CASE WHEN disposition_date IS NOT NULL THEN CAST(0 AS bigint) END AS dispositions,
        CASE
            WHEN disposition_date IS NOT NULL AND account_date IS NOT NULL THEN CAST(0 AS bigint)
        END AS accounts,
        CASE
            WHEN disposition_date IS NOT NULL AND card_date IS NOT NULL THEN CAST(0 AS bigint)
        END AS cards
    FROM newest
),

clients AS (
    SELECT customer.client_id
    FROM stage.customer AS customer
    INNER JOIN newest ON customer.business_date = newest.customer_date
),

dispositions AS (
    SELECT
        disposition.disp_id,
        disposition.client_id,
        disposition.account_id,
        disposition.type
    FROM stage.disposition AS disposition
    INNER JOIN newest ON disposition.business_date = newest.disposition_date
),

dispositions_of_client AS (
    SELECT
        client_id,
        count(disp_id) AS dispositions
    FROM dispositions
    GROUP BY client_id
),

client_accounts AS (
    -- One row per client and account, however many dispositions join the two.
    SELECT
        dispositions.client_id,
        account.account_id,
        account.branch_id,
        account.creation_date,
        max(CASE WHEN dispositions.type = 'owner' THEN account.account_id END) AS owned,
        max(CASE WHEN dispositions.type = 'user' THEN account.account_id END) AS used
    FROM stage.account AS account
    INNER JOIN newest ON account.business_date = newest.account_date
    INNER JOIN dispositions ON account.account_id = dispositions.account_id
    WHERE CAST(account.creation_date AS date) <= newest.business_date
    GROUP BY
        dispositions.client_id,
        account.account_id,
        account.branch_id,
        account.creation_date
),

accounts_of_client AS (
    SELECT
        client_id,
        count(account_id) AS accounts,
        count(owned) AS accounts_owner,
        count(used) AS accounts_user,
        count(DISTINCT branch_id) AS branches,
        min(creation_date) AS first_at,
        max(creation_date) AS last_at
    FROM client_accounts
    GROUP BY client_id
),

card_deliveries AS (
    -- A card has one row per business date, so the date alone orders its deliveries.
    SELECT
        card.card_token,
        card.disp_id,
        card.type,
        card.issued_datetime,
        row_number() OVER (
            PARTITION BY card.card_token
            ORDER BY card.business_date DESC
        ) AS recency
    FROM stage.card AS card
    WHERE card.business_date <= (SELECT as_of.business_date FROM as_of)
),

cards_of_client AS (
    -- A card belongs to one disposition, and that to one client: no card is counted twice.
    SELECT
        dispositions.client_id,
        count(card_deliveries.card_token) AS cards,
        count(CASE WHEN card_deliveries.type = 'junior' THEN card_deliveries.card_token END)
            AS cards_junior,
        count(CASE WHEN card_deliveries.type = 'classic' THEN card_deliveries.card_token END)
            AS cards_classic,
        count(CASE WHEN card_deliveries.type = 'gold' THEN card_deliveries.card_token END)
            AS cards_gold,
        min(card_deliveries.issued_datetime) AS first_at,
        max(card_deliveries.issued_datetime) AS last_at
    FROM card_deliveries
    INNER JOIN dispositions ON card_deliveries.disp_id = dispositions.disp_id
    WHERE
        card_deliveries.recency = 1
        AND CAST(card_deliveries.issued_datetime AS date)
        <= (SELECT as_of.business_date FROM as_of)
    GROUP BY dispositions.client_id
),

acquisitions AS (
    -- At the same instant the account came first and its card last.
    SELECT
        clients.client_id,
        CASE
            WHEN cards.first_at IS NULL OR accounts.first_at <= cards.first_at
                THEN accounts.first_at
            ELSE cards.first_at
        END AS first_at,
        CASE
            WHEN accounts.first_at IS NULL AND cards.first_at IS NULL THEN NULL
            WHEN cards.first_at IS NULL OR accounts.first_at <= cards.first_at THEN 'ACCOUNT'
            ELSE 'CARD'
        END AS first_what,
        CASE
            WHEN cards.last_at IS NULL OR accounts.last_at > cards.last_at
                THEN accounts.last_at
            ELSE cards.last_at
        END AS last_at,
        CASE
            WHEN accounts.last_at IS NULL AND cards.last_at IS NULL THEN NULL
            WHEN cards.last_at IS NULL OR accounts.last_at > cards.last_at THEN 'ACCOUNT'
            ELSE 'CARD'
        END AS last_what
    FROM clients
    LEFT JOIN accounts_of_client AS accounts ON clients.client_id = accounts.client_id
    LEFT JOIN cards_of_client AS cards ON clients.client_id = cards.client_id
)

SELECT
    zero_or_null.business_date,
    acquisitions.client_id,
    coalesce(dispositions.dispositions, zero_or_null.dispositions) AS product_dispositions,
    coalesce(accounts.accounts, zero_or_null.accounts) AS product_accounts,
    coalesce(accounts.accounts_owner, zero_or_null.accounts) AS product_accounts_owner,
    coalesce(accounts.accounts_user, zero_or_null.accounts) AS product_accounts_user,
    coalesce(accounts.branches, zero_or_null.accounts) AS product_branches,
    coalesce(cards.cards, zero_or_null.cards) AS product_cards,
    coalesce(cards.cards_junior, zero_or_null.cards) AS product_cards_junior,
    coalesce(cards.cards_classic, zero_or_null.cards) AS product_cards_classic,
    coalesce(cards.cards_gold, zero_or_null.cards) AS product_cards_gold,
    CAST(acquisitions.first_at AS date) AS product_first_acquisition_date,
    acquisitions.first_what AS product_first_acquisition,
    date_diff('day', CAST(acquisitions.first_at AS date), zero_or_null.business_date)
        AS product_days_since_first_acquisition,
    CAST(acquisitions.last_at AS date) AS product_last_acquisition_date,
    acquisitions.last_what AS product_last_acquisition,
    date_diff('day', CAST(acquisitions.last_at AS date), zero_or_null.business_date)
        AS product_days_since_last_acquisition
FROM acquisitions
CROSS JOIN zero_or_null
LEFT JOIN dispositions_of_client AS dispositions
    ON acquisitions.client_id = dispositions.client_id
LEFT JOIN accounts_of_client AS accounts ON acquisitions.client_id = accounts.client_id
LEFT JOIN cards_of_client AS cards ON acquisitions.client_id = cards.client_id
