-- One row per thing that comes back every month: what pays a client, and what the client must pay.
CREATE TABLE standing_order AS
WITH target AS (
    -- Where a client's money comes in: the first account owned, else the one shared.
    SELECT client_id, min(struct_pack(place, account_id)).account_id AS account_id
    FROM disposition
    WHERE place = 1 OR account_id IN (SELECT account_id FROM account WHERE slot = 0)
    GROUP BY client_id
),

payer AS (
    SELECT client.*, target.account_id, account.is_dormant, account.end_day_no, account.first_day_no
    FROM target
    INNER JOIN client USING (client_id)
    INNER JOIN account USING (account_id)
    WHERE NOT account.is_dormant
),

wish AS (
    SELECT
        client_id, account_id, first_day_no, end_day_no, churn_date,
        CASE occupation WHEN 'retired' THEN 'pension' ELSE 'salary' END AS kind,
        'credit' AS type, 'CAB' AS operation, income_cents AS cents,
        CASE occupation
            WHEN 'retired' THEN 5
            ELSE [23, 24, 25, 25, 25, 25, 26, 27][1 + (salted(client_id, 'payday') % 8)::INTEGER]
        END AS day_of_month,
        -- Some have just begun: too short for any evidence of an income.
        CASE WHEN occupation <> 'retired' AND uniform(client_id, 'new job') < 0.05
            THEN floor(uniform(client_id, 'job day') * getvariable('days'))::INTEGER ELSE 0
        END AS from_day_no,
        0.02 AS deviation, 1 AS every
    FROM payer
    WHERE income_cents IS NOT NULL
    UNION ALL
    SELECT
        client_id, account_id, first_day_no, end_day_no, churn_date,
        CASE home_ownership WHEN 'R' THEN 'rent' ELSE 'mortgage' END,
        'debit', 'RAB',
        (income_cents * (0.2 + 0.15 * uniform(client_id, 'rent')))::BIGINT // 500 * 500,
        1 + (salted(client_id, 'rent day') % 5)::INTEGER, 0, 0, 1
    FROM payer
    WHERE head_of_household_flag = 'Y' AND income_cents IS NOT NULL
        AND (home_ownership = 'R' OR (home_ownership = 'O' AND years < 65
            AND uniform(client_id, 'mortgage') < 0.6))
    UNION ALL
    SELECT
        client_id, account_id, first_day_no, end_day_no, churn_date,
        'utilities', 'debit', 'RAB', (11000 * spread_of(client_id, 'utilities', 0.4))::BIGINT,
        10 + (salted(client_id, 'utilities day') % 9)::INTEGER, 0, 0.12, 1
    FROM payer
    WHERE head_of_household_flag = 'Y' AND uniform(client_id, 'utilities') < 0.75
    UNION ALL
    SELECT
        client_id, account_id, first_day_no, end_day_no, churn_date,
        'income tax', 'debit', 'RAB', (90000 * spread_of(client_id, 'tax', 0.5))::BIGINT,
        15, 0, 0.2, 3
    FROM payer
    WHERE occupation = 'self-employed'
)

SELECT
    row_number() OVER (ORDER BY client_id, kind) AS order_id,
    client_id,
    account_id,
    kind,
    type,
    operation,
    cents,
    day_of_month,
    greatest(first_day_no, from_day_no) AS first_day_no,
    least(end_day_no, coalesce(churn_date - getvariable('first_day'), end_day_no))::INTEGER AS end_day_no,
    deviation,
    every
FROM wish;

CREATE TABLE calendar_month AS
SELECT
    row_number() OVER (ORDER BY month)::INTEGER - 1 AS month_no,
    month::DATE AS month
FROM generate_series(
    date_trunc('month', getvariable('first_day')), getvariable('last_day')::TIMESTAMP, INTERVAL 1 MONTH
) AS t (month);

-- One row per order and month in which it is due. Payments due on a weekend come on the Friday.
CREATE MACRO payments(first_day, end_day) AS TABLE
WITH due AS (
    SELECT
        standing_order.*,
        standing_order.order_id * 4096 + calendar_month.month_no AS payment_id,
        calendar_month.month + (day_of_month - 1)
            + CASE WHEN uniform(payment_id, 'delay') < 0.1 THEN 1 ELSE 0 END AS nominal,
        nominal - [2, 0, 0, 0, 0, 0, 1][dayofweek(nominal) + 1] AS day
    FROM standing_order
    CROSS JOIN calendar_month
    WHERE month(calendar_month.month) % every = 0
)

SELECT
    payment_id,
    order_id,
    account_id,
    type,
    operation,
    day,
    greatest(100, (cents * (1 + deviation * CASE
        -- Most salaries are the same to the cent from month to month.
        WHEN kind IN ('salary', 'pension') AND uniform(payment_id, 'same') < 0.7 THEN 0
        ELSE normal(payment_id, 'variation') END))::BIGINT) AS cents
FROM due
WHERE day >= first_day AND day < end_day
    AND day >= day_of(first_day_no) AND day < day_of(end_day_no);
