-- How far each CRM client's own accounts have been below zero: what was observed, not a score.
-- A day's balance is the one that the account closed the day with.
WITH as_of AS (
    SELECT CAST(? AS date) AS business_date
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
    -- Per account, the last day before the 90 days that states a balance.
    SELECT
        booked.account_id,
        max(booked."date") AS balance_date
    FROM stage.transaction AS booked
    LEFT JOIN redelivered
        ON booked.trans_id = redelivered.trans_id AND booked.trans_scope = redelivered.trans_scope
    WHERE
        booked.business_date <= (SELECT as_of.business_date FROM as_of)
        AND booked."date" < (SELECT newest.window_start FROM newest)
        AND booked.balance IS NOT NULL
        AND (redelivered.business_date IS NULL OR redelivered.business_date = booked.business_date)
    GROUP BY booked.account_id
),

openings AS (
    SELECT
        booked.account_id,
        booked."date",
        booked.balance,
        row_number() OVER (PARTITION BY booked.account_id ORDER BY booked.trans_id DESC) AS place
    FROM stage.transaction AS booked
    INNER JOIN opening_days
        ON booked.account_id = opening_days.account_id AND booked."date" = opening_days.balance_date
    LEFT JOIN redelivered
        ON booked.trans_id = redelivered.trans_id AND booked.trans_scope = redelivered.trans_scope
    WHERE
        booked.business_date <= (SELECT as_of.business_date FROM as_of)
        AND booked.balance IS NOT NULL
        AND (redelivered.business_date IS NULL OR redelivered.business_date = booked.business_date)
),

came_overdrawn AS (
    -- Accounts of clients of whom one came into the 90 days overdrawn: the streak is older than it,
    -- and may have begun on another account that has recovered since.
    SELECT owners.account_id
    FROM owners
    WHERE owners.client_id IN (
        SELECT others.client_id
        FROM openings
        INNER JOIN owners AS others ON openings.account_id = others.account_id
        WHERE openings.place = 1 AND openings.balance < 0
    )
),

latest_bookings AS (
    -- The latest delivery of each transaction that matters: of the 90 days and the last day before
    -- them; of accounts whose client came into them overdrawn all.
    SELECT
        booked.account_id,
        booked."date",
        booked.balance,
        lead(booked."date") OVER (
            PARTITION BY booked.account_id ORDER BY booked."date", booked.trans_id
        ) AS next_date
    FROM stage.transaction AS booked
    LEFT JOIN redelivered
        ON booked.trans_id = redelivered.trans_id AND booked.trans_scope = redelivered.trans_scope
    LEFT JOIN openings ON booked.account_id = openings.account_id AND openings.place = 1
    LEFT JOIN came_overdrawn ON booked.account_id = came_overdrawn.account_id
    WHERE
        booked.business_date <= (SELECT as_of.business_date FROM as_of)
        AND booked."date" <= (SELECT as_of.business_date FROM as_of)
        AND booked.balance IS NOT NULL
        AND (redelivered.business_date IS NULL OR redelivered.business_date = booked.business_date)
        AND (
            booked."date" >= (SELECT newest.window_start FROM newest)
            OR booked."date" = openings."date"
            OR came_overdrawn.account_id IS NOT NULL
        )
),

balance_periods AS (
    -- One row per balance that an account closed a day with, from its day to the next change. Read
    -- twice below, so kept narrow.
    SELECT
        latest_bookings.account_id,
        latest_bookings.balance,
        latest_bookings."date" AS first_day,
        coalesce(latest_bookings.next_date, newest.window_end) AS end_day
    FROM latest_bookings
    CROSS JOIN newest
    WHERE coalesce(latest_bookings.next_date, newest.window_end) > latest_bookings."date"
),

recently_held AS (
    SELECT
        periods.account_id,
        periods.balance,
        CASE WHEN periods.end_day = newest.window_end THEN periods.balance END AS last_balance,
        date_diff('day', greatest(periods.first_day, newest.window_start), periods.end_day) AS days
    FROM balance_periods AS periods
    CROSS JOIN newest
),

sums_of_account AS (
    -- Exact: squares have four decimals. The wider factor makes DuckDB, too, widen the product.
    SELECT
        account_id,
        sum(last_balance) AS balance,
        min(CASE WHEN days > 0 THEN balance END) AS lowest,
        sum(CASE WHEN days > 0 THEN CAST(days AS decimal(2, 0)) END) AS days,
        sum(CASE WHEN days > 0 THEN balance * CAST(days AS decimal(2, 0)) END) AS balance_days,
        sum(
            CASE
                WHEN days > 0
                    THEN
                        CAST(balance AS decimal(20, 2)) * CAST(balance AS decimal(16, 2))
                        * CAST(days AS decimal(2, 0))
            END
        ) AS square_days
    FROM recently_held
    GROUP BY account_id
),

steadiness_of_account AS (
    -- Deviation = sqrt(n * sum of squares - square of the sum) / n; exact up to the root.
    SELECT
        account_id,
        balance,
        lowest,
        sqrt(
            CAST(
                CAST(days AS decimal(4, 0)) * CAST(square_days AS decimal(34, 4))
                - CAST(balance_days AS decimal(20, 2)) * CAST(balance_days AS decimal(16, 2))
                AS double
            )
        ) / nullif(CAST(days AS double), 0e0) AS deviation
    FROM sums_of_account
),

balances_of_client AS (
    SELECT
        owners.client_id,
        count(CASE WHEN steadiness.balance < 0 THEN owners.account_id END) AS overdrawn_accounts,
        sum(CASE WHEN steadiness.balance < 0 THEN -steadiness.balance END) AS overdrawn,
        min(steadiness.lowest) AS lowest,
        max(steadiness.deviation) AS deviation
    FROM owners
    INNER JOIN steadiness_of_account AS steadiness ON owners.account_id = steadiness.account_id
    GROUP BY owners.client_id
),

spells AS (
    -- A spell overdrawn, and how far the client's earlier ones reach: two accounts may overlap.
    SELECT
        owners.client_id,
        periods.first_day,
        periods.end_day,
        max(periods.end_day) OVER (
            PARTITION BY owners.client_id ORDER BY periods.first_day, periods.account_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS covered_to
    FROM balance_periods AS periods
    INNER JOIN owners ON periods.account_id = owners.account_id
    WHERE periods.balance < 0
),

spells_of_client AS (
    SELECT
        spells.client_id,
        sum(
            greatest(
                date_diff(
                    'day',
                    greatest(
                        spells.first_day,
                        coalesce(spells.covered_to, spells.first_day),
                        newest.window_start
                    ),
                    spells.end_day
                ), 0
            )
        ) AS days,
        max(spells.end_day) AS end_day,
        max(
            CASE
                WHEN spells.covered_to IS NULL OR spells.first_day > spells.covered_to
                    THEN spells.first_day
            END
        ) AS streak_start
    FROM spells
    CROSS JOIN newest
    GROUP BY spells.client_id
)

SELECT
    newest.business_date,
    clients.client_id,
    coalesce(spells.days, zero_or_null.transactions) AS risk_days_overdrawn_90d,
    CASE
        WHEN spells.end_day = newest.window_end
            THEN date_diff('day', spells.streak_start, spells.end_day)
        ELSE zero_or_null.transactions
    END AS risk_overdrawn_streak_days,
    coalesce(balances.overdrawn_accounts, zero_or_null.transactions) AS risk_accounts_overdrawn,
    coalesce(balances.overdrawn, zero_or_null.transactions) AS risk_overdrawn_amount,
    balances.lowest AS risk_lowest_balance_90d,
    CAST(balances.deviation AS decimal(18, 2)) AS risk_balance_volatility_90d
FROM clients
CROSS JOIN zero_or_null
CROSS JOIN newest
LEFT JOIN balances_of_client AS balances ON clients.client_id = balances.client_id
LEFT JOIN spells_of_client AS spells ON clients.client_id = spells.client_id
