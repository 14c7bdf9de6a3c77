-- How long and how actively each CRM client has been with the bank, as of the business date.
WITH as_of AS (
    SELECT CAST(? AS date) AS business_date
),

numbered_dates AS (
    SELECT business_date, max(trans_id) AS trans_id, min("date") AS first_date
    FROM stage.transaction
    WHERE business_date <= (SELECT as_of.business_date FROM as_of)
    GROUP BY business_date
),

cards AS (
    -- A card has one row per business date: its latest delivery stands.
    SELECT
        card.business_date, card.card_token, card.disp_id,
        CAST(card.issued_datetime AS date) AS issued_date,
        row_number() OVER (PARTITION BY card.card_token ORDER BY card.business_date DESC) AS recency
    FROM stage.card AS card
    WHERE card.business_date <= (SELECT as_of.business_date FROM as_of)
),

sessions AS (
    -- Delivered again, a session may have another date: its latest delivery stands.
    SELECT
        business_date, full_visitor_id, visit_id, session_date,
        row_number() OVER (
            PARTITION BY full_visitor_id, visit_id, visit_start_time ORDER BY business_date DESC
        ) AS recency
    FROM stage.web_session
    WHERE business_date <= (SELECT as_of.business_date FROM as_of)
),

newest AS (
    -- The newest delivery of each feed, NULL where it has not delivered, and where windows start.
    SELECT
        as_of.business_date,
        CAST(date_add('day', -89, as_of.business_date) AS date) AS from_90d,
        CAST(date_add('month', -3, date_add('day', 1, as_of.business_date)) AS date) AS from_3m,
        CAST(date_add('month', -6, date_add('day', 1, as_of.business_date)) AS date) AS from_6m,
        CAST(date_add('month', -12, date_add('day', 1, as_of.business_date)) AS date) AS from_12m,
        CAST(date_add('month', -11, date_trunc('month', as_of.business_date)) AS date)
            AS first_month,
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
        (SELECT max(cards.business_date) FROM cards) AS card_date,
        (SELECT max(numbered_dates.business_date) FROM numbered_dates) AS transaction_date,
        (SELECT min(numbered_dates.first_date) FROM numbered_dates) AS first_date,
        (
            SELECT max(visitor_map.business_date) FROM stage.web_visitor_map AS visitor_map
            WHERE visitor_map.business_date <= (SELECT as_of.business_date FROM as_of)
        ) AS visitor_map_date,
        (SELECT max(sessions.business_date) FROM sessions) AS web_session_date
    FROM as_of
),

zero_or_null AS (
    -- What a client without any shows: 0 where the feeds have delivered, NULL where nobody knows.
    SELECT
        business_date,
        CASE WHEN disposition_date IS NOT NULL AND account_date IS NOT NULL THEN 0 END AS accounts,
        CASE WHEN disposition_date IS NOT NULL AND card_date IS NOT NULL THEN 0 END AS cards,
        CASE WHEN disposition_date IS NOT NULL AND transaction_date IS NOT NULL THEN 0 END
            AS transactions,
        CASE WHEN visitor_map_date IS NOT NULL AND web_session_date IS NOT NULL THEN 0 END
            AS sessions
    FROM newest
),

clients AS (
    SELECT
        customer.client_id,
        CASE
            WHEN CAST(customer.client_created_date AS date) <= newest.business_date
                THEN CAST(customer.client_created_date AS date)
        END AS created_date
    FROM stage.customer AS customer
    INNER JOIN newest ON customer.business_date = newest.customer_date
),

ranked_owners AS (
    SELECT
        disposition.account_id, disposition.client_id,
        row_number() OVER (PARTITION BY disposition.account_id ORDER BY disposition.disp_id)
            AS place
    FROM stage.disposition AS disposition
    INNER JOIN newest ON disposition.business_date = newest.disposition_date
    INNER JOIN clients ON disposition.client_id = clients.client_id
    WHERE disposition.type = 'owner'
),

owners AS (
    SELECT account_id, client_id
    FROM ranked_owners
    WHERE place = 1
),

highest_earlier_id AS (
    SELECT
        business_date,
        max(trans_id) OVER (
            ORDER BY business_date ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS trans_id
    FROM numbered_dates
),

redelivered AS (
    -- A transaction delivered again has a number that an earlier date had reached: with rising
    -- numbers these are few, where to rank all transactions would cost more than all else here.
    SELECT booked.trans_id, booked.trans_scope, max(booked.business_date) AS business_date
    FROM stage.transaction AS booked
    INNER JOIN highest_earlier_id ON booked.business_date = highest_earlier_id.business_date
    WHERE booked.trans_id <= highest_earlier_id.trans_id
    GROUP BY booked.trans_id, booked.trans_scope
),

latest_bookings AS (
    -- The latest delivery of each transaction; a day without a balance cannot open a period.
    SELECT
        booked.account_id, booked."date", newest.from_3m, newest.from_6m,
        CASE WHEN booked.balance IS NOT NULL THEN booked."date" END AS balance_date,
        CASE WHEN booked."date" >= newest.from_90d THEN booked.trans_id END AS recent_id,
        CASE WHEN booked."date" >= newest.first_month THEN date_trunc('month', booked."date") END
            AS active_month
    FROM stage.transaction AS booked
    LEFT JOIN redelivered
        ON booked.trans_id = redelivered.trans_id AND booked.trans_scope = redelivered.trans_scope
    CROSS JOIN newest
    WHERE
        booked.business_date <= newest.business_date AND booked."date" <= newest.business_date
        AND (redelivered.business_date IS NULL OR redelivered.business_date = booked.business_date)
),

months_of_account AS (
    -- All history in one pass: a row per account and month, older months together.
    SELECT
        account_id, active_month, count(recent_id) AS transactions,
        max("date") AS last_date,
        max(balance_date) AS date_0m,
        max(CASE WHEN balance_date < from_3m THEN balance_date END) AS date_3m,
        max(CASE WHEN balance_date < from_6m THEN balance_date END) AS date_6m
    FROM latest_bookings
    GROUP BY account_id, active_month
),

activity_of_client AS (
    SELECT
        owners.client_id, max(months.last_date) AS last_date,
        CAST(sum(months.transactions) AS bigint) AS transactions,
        count(DISTINCT months.active_month) AS active_months
    FROM months_of_account AS months
    INNER JOIN owners ON months.account_id = owners.account_id
    GROUP BY owners.client_id
),

days_of_account AS (
    SELECT
        months.account_id, owners.client_id, max(months.date_0m) AS date_0m,
        max(months.date_3m) AS date_3m, max(months.date_6m) AS date_6m
    FROM months_of_account AS months
    INNER JOIN owners ON months.account_id = owners.account_id
    GROUP BY months.account_id, owners.client_id
),

day_balances AS (
    SELECT
        days.client_id, days.date_0m, days.date_3m, days.date_6m,
        booked."date", booked.balance,
        row_number() OVER (
            PARTITION BY booked.account_id, booked."date" ORDER BY booked.trans_id DESC
        ) AS place
    FROM stage.transaction AS booked
    INNER JOIN days_of_account AS days ON booked.account_id = days.account_id
    LEFT JOIN redelivered
        ON booked.trans_id = redelivered.trans_id AND booked.trans_scope = redelivered.trans_scope
    WHERE
        booked."date" IN (days.date_0m, days.date_3m, days.date_6m)
        AND booked.business_date <= (SELECT as_of.business_date FROM as_of)
        AND booked.balance IS NOT NULL
        AND (redelivered.business_date IS NULL OR redelivered.business_date = booked.business_date)
),

balances_of_client AS (
    -- An account without an earlier transaction held 0; before the bank's first nothing is known.
    SELECT
        days.client_id,
        sum(CASE WHEN days."date" = days.date_0m THEN days.balance END) AS balance_0m,
        CASE
            WHEN newest.first_date < newest.from_3m
                THEN coalesce(sum(CASE WHEN days."date" = days.date_3m THEN days.balance END), 0)
        END AS balance_3m,
        CASE
            WHEN newest.first_date < newest.from_6m
                THEN coalesce(sum(CASE WHEN days."date" = days.date_6m THEN days.balance END), 0)
        END AS balance_6m
    FROM day_balances AS days
    CROSS JOIN newest
    WHERE days.place = 1
    GROUP BY days.client_id, newest.first_date, newest.from_3m, newest.from_6m
),

accounts_of_client AS (
    -- Joint accounts too: each of the owners opened one.
    SELECT
        disposition.client_id,
        min(CAST(account.creation_date AS date)) AS first_date,
        count(
            DISTINCT CASE
                WHEN CAST(account.creation_date AS date) >= newest.from_12m THEN account.account_id
            END
        ) AS new_accounts
    FROM stage.disposition AS disposition
    INNER JOIN newest ON disposition.business_date = newest.disposition_date
    INNER JOIN stage.account AS account ON disposition.account_id = account.account_id
    WHERE
        disposition.type = 'owner' AND account.business_date = newest.account_date
        AND CAST(account.creation_date AS date) <= newest.business_date
    GROUP BY disposition.client_id
),

cards_of_client AS (
    SELECT disposition.client_id, count(cards.card_token) AS new_cards
    FROM cards
    CROSS JOIN newest
    INNER JOIN stage.disposition AS disposition ON cards.disp_id = disposition.disp_id
    WHERE
        disposition.business_date = newest.disposition_date AND cards.recency = 1
        AND cards.issued_date BETWEEN newest.from_12m AND newest.business_date
    GROUP BY disposition.client_id
),

sessions_of_client AS (
    SELECT visitor_map.client_id, count(sessions.visit_id) AS sessions
    FROM sessions
    CROSS JOIN newest
    INNER JOIN stage.web_visitor_map AS visitor_map
        ON sessions.full_visitor_id = visitor_map.full_visitor_id
    WHERE
        visitor_map.business_date = newest.visitor_map_date AND sessions.recency = 1
        AND sessions.session_date BETWEEN newest.from_90d AND newest.business_date
    GROUP BY visitor_map.client_id
),

measured AS (
    SELECT
        zero_or_null.business_date, clients.client_id, activity.last_date,
        coalesce(clients.created_date, accounts.first_date) AS since,
        coalesce(accounts.new_accounts, zero_or_null.accounts) AS new_accounts,
        coalesce(cards.new_cards, zero_or_null.cards) AS new_cards,
        coalesce(activity.active_months, zero_or_null.transactions) AS active_months,
        coalesce(activity.transactions, zero_or_null.transactions) AS transactions,
        coalesce(sessions.sessions, zero_or_null.sessions) AS sessions
    FROM clients
    CROSS JOIN zero_or_null
    LEFT JOIN accounts_of_client AS accounts ON clients.client_id = accounts.client_id
    LEFT JOIN cards_of_client AS cards ON clients.client_id = cards.client_id
    LEFT JOIN activity_of_client AS activity ON clients.client_id = activity.client_id
    LEFT JOIN sessions_of_client AS sessions ON clients.client_id = sessions.client_id
)

SELECT
    measured.business_date, measured.client_id,
    measured.since AS loyalty_since_date,
    CAST(
        CAST(date_diff('month', measured.since, measured.business_date) AS double) / 12e0
        AS decimal(18, 4)
    ) AS loyalty_tenure_years,
    date_diff('day', measured.last_date, measured.business_date) AS loyalty_recency_days,
    measured.active_months AS loyalty_active_months_12m,
    measured.transactions AS loyalty_transactions_90d,
    measured.sessions AS loyalty_web_sessions_90d,
    CAST(CAST(measured.transactions AS double) / 3e0 AS decimal(18, 4))
        AS loyalty_transactions_a_month,
    CAST(CAST(measured.sessions AS double) / 3e0 AS decimal(18, 4)) AS loyalty_web_sessions_a_month,
    CAST(CAST(measured.transactions + measured.sessions AS double) / 3e0 AS decimal(18, 4))
        AS loyalty_interactions_a_month,
    measured.new_accounts AS loyalty_new_accounts_12m,
    measured.new_cards AS loyalty_new_cards_12m,
    balances.balance_0m - balances.balance_3m AS loyalty_asset_growth_3m,
    CASE WHEN balances.balance_3m > 0 THEN CAST(
        CAST(balances.balance_0m - balances.balance_3m AS double)
        / nullif(CAST(balances.balance_3m AS double), 0e0) AS decimal(28, 4)
    ) END AS loyalty_asset_growth_ratio_3m,
    balances.balance_0m - balances.balance_6m AS loyalty_asset_growth_6m,
    CASE WHEN balances.balance_6m > 0 THEN CAST(
        CAST(balances.balance_0m - balances.balance_6m AS double)
        / nullif(CAST(balances.balance_6m AS double), 0e0) AS decimal(28, 4)
    ) END AS loyalty_asset_growth_ratio_6m
FROM measured
LEFT JOIN balances_of_client AS balances ON measured.client_id = balances.client_id
