-- What each CRM client keeps at and moves through the bank, as of the business date.
WITH as_of AS (
    SELECT CAST(? AS date) AS business_date
),

cut_points AS (
    -- What a score asks for, in days since the last transaction, in transactions over 90 days and
    -- in the account's currency over 90 days. Fixed, so that equal clients have equal scores.
    SELECT r5, r4, r3, r2, f5, f4, f3, f2, m5, m4, m3, m2
    FROM (
        VALUES (
            7, 14, 30, 90,
            60, 30, 12, 3,
            15000, 7500, 3000, 600
        )
    ) AS cut_point (r5, r4, r3, r2, f5, f4, f3, f2, m5, m4, m3, m2)
),

newest AS (
    -- The newest delivery of each feed, NULL where it has not delivered by then, and the 90 days.
    SELECT
        as_of.business_date,
        CAST(date_add('day', -89, as_of.business_date) AS date) AS window_start,
        CAST(date_add('day', 1, as_of.business_date) AS date) AS window_end,
        (
            SELECT max(customer.business_date) FROM stage.customer AS customer
            WHERE customer.business_date <= (SELECT as_of.business_date FROM as_of)
        ) AS customer_date,
        (
            SELECT max(disposition.business_date) FROM stage.disposition AS disposition
            WHERE disposition.business_date <= (SELECT as_of.business_date FROM as_of)
        ) AS disposition_date,
        (
            SELECT max(booked.business_date) FROM stage.transaction AS booked
            WHERE booked.business_date <= (SELECT as_of.business_date FROM as_of)
        ) AS transaction_date
    FROM as_of
),

zero_or_null AS (
    -- What a client without any shows: 0 where the feeds have delivered, NULL where nobody knows.
    SELECT
        business_date,
        CASE WHEN disposition_date IS NOT NULL THEN CAST(0 AS bigint) END AS accounts,
        CASE
            WHEN disposition_date IS NOT NULL AND transaction_date IS NOT NULL
                THEN CAST(0 AS bigint)
        END AS transactions
    FROM newest
),

clients AS (
    SELECT customer.client_id
    FROM stage.customer AS customer
    INNER JOIN newest ON customer.business_date = newest.customer_date
),

ranked_owners AS (
    SELECT
        disposition.account_id,
        disposition.client_id,
        row_number() OVER (
            PARTITION BY disposition.account_id ORDER BY disposition.disp_id
        ) AS place
    FROM stage.disposition AS disposition
    INNER JOIN newest ON disposition.business_date = newest.disposition_date
    INNER JOIN clients ON disposition.client_id = clients.client_id
    WHERE disposition.type = 'owner'
),

owners AS (
    SELECT
        account_id,
        client_id
    FROM ranked_owners
    WHERE place = 1
),

numbered_dates AS (
    SELECT
        business_date,
        max(trans_id) AS trans_id
    FROM stage.transaction
    WHERE business_date <= (SELECT as_of.business_date FROM as_of)
    GROUP BY business_date
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
    SELECT
        booked.trans_id,
        booked.trans_scope,
        max(booked.business_date) AS business_date
    FROM stage.transaction AS booked
    INNER JOIN highest_earlier_id ON booked.business_date = highest_earlier_id.business_date
    WHERE booked.trans_id <= highest_earlier_id.trans_id
    GROUP BY booked.trans_id, booked.trans_scope
),

opening_days AS (
    -- Per account, the last day before the 90 days, and the last one that states a balance.
    SELECT
        booked.account_id,
        max(booked."date") AS last_date,
        max(CASE WHEN booked.balance IS NOT NULL THEN booked."date" END) AS balance_date
    FROM stage.transaction AS booked
    LEFT JOIN redelivered
        ON booked.trans_id = redelivered.trans_id AND booked.trans_scope = redelivered.trans_scope
    WHERE
        booked.business_date <= (SELECT as_of.business_date FROM as_of)
        AND booked."date" < (SELECT newest.window_start FROM newest)
        AND (redelivered.business_date IS NULL OR redelivered.business_date = booked.business_date)
    GROUP BY booked.account_id
),

latest_bookings AS (
    -- The latest delivery of each transaction that matters: of the 90 days and those last days.
    -- A balance holds until the next that is stated; one that another follows that day, no day.
    SELECT
        booked.account_id,
        booked."date",
        booked.type,
        booked.amount,
        booked.balance,
        lead(booked."date") OVER (
            PARTITION BY booked.account_id, CASE WHEN booked.balance IS NULL THEN 0 ELSE 1 END
            ORDER BY booked."date", booked.trans_id
        ) AS next_date
    FROM stage.transaction AS booked
    LEFT JOIN redelivered
        ON booked.trans_id = redelivered.trans_id AND booked.trans_scope = redelivered.trans_scope
    LEFT JOIN opening_days ON booked.account_id = opening_days.account_id
    WHERE
        booked.business_date <= (SELECT as_of.business_date FROM as_of)
        AND booked."date" <= (SELECT as_of.business_date FROM as_of)
        AND (redelivered.business_date IS NULL OR redelivered.business_date = booked.business_date)
        AND (
            booked."date" >= (SELECT newest.window_start FROM newest)
            OR booked."date" = opening_days.last_date
            OR booked."date" = opening_days.balance_date
        )
),

balance_periods AS (
    SELECT
        latest_bookings.account_id,
        latest_bookings."date",
        latest_bookings.amount,
        latest_bookings.balance,
        CASE WHEN latest_bookings."date" >= newest.window_start THEN latest_bookings.type END
            AS recent_type,
        CASE WHEN latest_bookings.next_date IS NULL THEN latest_bookings.balance END
            AS last_balance,
        CAST(
            greatest(
                date_diff(
                    'day',
                    greatest(latest_bookings."date", newest.window_start),
                    coalesce(latest_bookings.next_date, newest.window_end)
                ), 0
            ) AS decimal(4, 0)
        ) AS days
    FROM latest_bookings
    CROSS JOIN newest
),

movements_of_account AS (
    SELECT
        account_id,
        max("date") AS last_date,
        count(recent_type) AS transactions,
        sum(CASE WHEN recent_type = 'credit' THEN amount END) AS credits,
        sum(CASE WHEN recent_type = 'debit' THEN amount END) AS debits,
        sum(last_balance) AS balance,
        sum(balance * days) AS balance_days
    FROM balance_periods
    GROUP BY account_id
),

movements_of_client AS (
    SELECT
        owners.client_id,
        count(owners.account_id) AS accounts,
        max(movements.last_date) AS last_date,
        CAST(sum(movements.transactions) AS bigint) AS transactions,
        sum(movements.credits) AS credits,
        sum(movements.debits) AS debits,
        sum(movements.balance) AS balance,
        sum(movements.balance_days) AS balance_days
    FROM owners
    LEFT JOIN movements_of_account AS movements ON owners.account_id = movements.account_id
    GROUP BY owners.client_id
),

measured AS (
    SELECT
        zero_or_null.business_date,
        clients.client_id,
        coalesce(movements.accounts, zero_or_null.accounts) AS accounts,
        movements.balance,
        -- Whole numbers divide exactly where a half cent is one; two roundings would miss some.
        CAST(CAST(movements.balance_days * 100 AS double) / 9000e0 AS decimal(24, 2))
            AS average_balance,
        coalesce(movements.transactions, zero_or_null.transactions) AS transactions,
        coalesce(movements.credits, zero_or_null.transactions) AS credits,
        coalesce(movements.debits, zero_or_null.transactions) AS debits,
        date_diff('day', movements.last_date, zero_or_null.business_date) AS recency
    FROM clients
    CROSS JOIN zero_or_null
    LEFT JOIN movements_of_client AS movements ON clients.client_id = movements.client_id
),

scored AS (
    SELECT
        measured.business_date,
        measured.client_id,
        measured.accounts,
        measured.balance,
        measured.average_balance,
        measured.transactions,
        measured.credits,
        measured.debits,
        measured.recency,
        CASE
            WHEN measured.transactions IS NULL THEN NULL
            WHEN measured.recency <= cut_points.r5 THEN 5
            WHEN measured.recency <= cut_points.r4 THEN 4
            WHEN measured.recency <= cut_points.r3 THEN 3
            WHEN measured.recency <= cut_points.r2 THEN 2
            ELSE 1
        END AS r,
        CASE
            WHEN measured.transactions IS NULL THEN NULL
            WHEN measured.transactions >= cut_points.f5 THEN 5
            WHEN measured.transactions >= cut_points.f4 THEN 4
            WHEN measured.transactions >= cut_points.f3 THEN 3
            WHEN measured.transactions >= cut_points.f2 THEN 2
            ELSE 1
        END AS f,
        CASE
            WHEN measured.credits IS NULL THEN NULL
            WHEN measured.credits >= cut_points.m5 THEN 5
            WHEN measured.credits >= cut_points.m4 THEN 4
            WHEN measured.credits >= cut_points.m3 THEN 3
            WHEN measured.credits >= cut_points.m2 THEN 2
            ELSE 1
        END AS m
    FROM measured
    CROSS JOIN cut_points
)

SELECT
    business_date,
    client_id,
    accounts AS value_accounts,
    balance AS value_balance,
    average_balance AS value_average_daily_balance_90d,
    transactions AS value_transactions_90d,
    credits AS value_credits_90d,
    debits AS value_debits_90d,
    credits - debits AS value_net_flow_90d,
    recency AS value_recency_days,
    CAST(r AS bigint) AS value_recency_score,
    CAST(f AS bigint) AS value_frequency_score,
    CAST(m AS bigint) AS value_monetary_score,
    -- The first that holds.
    CASE
        WHEN r IS NULL THEN NULL
        WHEN recency IS NULL THEN 'inactive'
        WHEN r = 1 THEN 'dormant'
        WHEN r <= 2 THEN 'at risk'
        WHEN r >= 4 AND f >= 4 AND m >= 4 THEN 'champion'
        WHEN m >= 4 THEN 'high value'
        WHEN f >= 4 THEN 'loyal'
        WHEN f <= 2 AND m <= 2 THEN 'occasional'
        ELSE 'regular'
    END AS value_segment
FROM scored
