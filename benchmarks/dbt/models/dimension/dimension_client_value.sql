-- What each client keeps at and moves through the bank as of the business date.
{%- set as_of = "DATE '" ~ var("business_date") ~ "'" %}
{%- set window_start = as_of ~ " - 89" %}
{%- set window_end = as_of ~ " + 1" %}
WITH clients AS (
    SELECT client_id FROM {{ ref('stage_customer') }}
    WHERE business_date = (
        SELECT max(business_date) FROM {{ ref('stage_customer') }}
        WHERE business_date <= {{ as_of }}
    )
),

owners AS (
    SELECT account_id, arg_min(client_id, disp_id) AS client_id
    FROM {{ ref('stage_disposition') }}
    WHERE
        type = 'owner'
        AND business_date = (
            SELECT max(business_date) FROM {{ ref('stage_disposition') }}
            WHERE business_date <= {{ as_of }}
        )
        AND client_id IN (SELECT client_id FROM clients)
    GROUP BY account_id
),

redelivered AS (
    -- Delivered again, a number had been reached on an earlier date: only such dates are searched.
    SELECT trans_id, max(business_date) AS latest
    FROM {{ ref('stage_transaction') }}
    INNER JOIN (
        SELECT
            business_date,
            min(trans_id) AS lowest,
            max(max(trans_id)) OVER (
                ORDER BY business_date ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS highest_earlier_id
        FROM {{ ref('stage_transaction') }}
        WHERE business_date <= {{ as_of }}
        GROUP BY business_date
        QUALIFY lowest <= highest_earlier_id
    ) USING (business_date)
    WHERE trans_id <= highest_earlier_id
    GROUP BY trans_id
),

openings AS (
    -- What each account came into the 90 days with. A day and a number below 2^40 are packed into
    -- one integer: arg_max takes half as long again by a pair.
    SELECT
        account_id,
        max(date) AS last_date,
        arg_max(balance, (date - DATE '1970-01-01') * 1099511627776 + trans_id) AS balance
    FROM {{ ref('stage_transaction') }}
    WHERE
        business_date <= {{ as_of }}
        AND date < {{ window_start }}
        AND (
            -- As a join it would put all transactions, not these few, into a hash table.
            trans_id NOT IN (SELECT trans_id FROM redelivered)
            OR (trans_id, business_date) IN (SELECT (trans_id, latest) FROM redelivered)
        )
    GROUP BY account_id
),

movements AS (
    -- A balance holds until the next that is stated.
    SELECT
        account_id,
        max(date) AS last_date,
        count(*) AS transactions,
        sum(amount) FILTER (type = 'credit') AS credits,
        sum(amount) FILTER (type = 'debit') AS debits,
        min(date) FILTER (balance IS NOT NULL) AS first_date,
        sum(balance) FILTER (next_date IS NULL) AS balance,
        sum(balance * (coalesce(next_date, {{ window_end }}) - date)::DECIMAL(2, 0))
            AS balance_days
    FROM (
        SELECT
            *,
            lead(CASE WHEN balance IS NOT NULL THEN date END IGNORE NULLS) OVER (
                PARTITION BY account_id ORDER BY date, trans_id
            ) AS next_date
        FROM {{ ref('stage_transaction') }}
        WHERE
            business_date <= {{ as_of }}
            AND date BETWEEN {{ window_start }} AND {{ as_of }}
            AND (
                -- As a join it would put all transactions, not these few, into a hash table.
                trans_id NOT IN (SELECT trans_id FROM redelivered)
                OR (trans_id, business_date) IN (SELECT (trans_id, latest) FROM redelivered)
            )
    )
    GROUP BY account_id
),

accounts AS (
    SELECT
        client_id,
        coalesce(m.last_date, o.last_date) AS last_date,
        m.transactions,
        m.credits,
        m.debits,
        coalesce(m.balance, o.balance) AS balance,
        coalesce(m.first_date, {{ window_end }}) - ({{ window_start }}) AS days_before,
        CASE
            WHEN o.balance IS NULL THEN m.balance_days
            ELSE o.balance * days_before::DECIMAL(2, 0) + coalesce(m.balance_days, 0)
        END AS balance_days
    FROM owners
    LEFT JOIN openings AS o USING (account_id)
    LEFT JOIN movements AS m USING (account_id)
),

totals AS (
    SELECT
        client_id,
        count(*) AS accounts,
        max(last_date) AS last_date,
        sum(transactions) AS transactions,
        sum(credits) AS credits,
        sum(debits) AS debits,
        sum(balance) AS balance,
        sum(balance_days) AS balance_days
    FROM accounts
    GROUP BY client_id
),

zero_or_null AS (
    -- What a client without any shows: 0 where the feeds have delivered, else NULL: nobody knows.
    SELECT disposition AS accounts, disposition + transaction AS transactions
    FROM (
        SELECT
            {%- for feed in ('disposition', 'transaction') %}
            (
                SELECT 0 FROM {{ ref('stage_' ~ feed) }}
                WHERE business_date <= {{ as_of }} LIMIT 1
            ) AS {{ feed }},
            {%- endfor %}
    )
),

measured AS (
    SELECT
        client_id,
        coalesce(totals.accounts, zero_or_null.accounts) AS accounts,
        balance,
        balance_days,
        coalesce(totals.transactions, zero_or_null.transactions) AS transactions,
        coalesce(credits, zero_or_null.transactions) AS credits,
        coalesce(debits, zero_or_null.transactions) AS debits,
        {{ as_of }} - last_date AS recency
    FROM clients
    CROSS JOIN zero_or_null
    LEFT JOIN totals USING (client_id)
),

scored AS (
    SELECT
        *,
        CASE
            WHEN transactions IS NULL THEN NULL
            WHEN recency <= 7 THEN 5
            WHEN recency <= 14 THEN 4
            WHEN recency <= 30 THEN 3
            WHEN recency <= 90 THEN 2
            ELSE 1
        END AS r,
        CASE
            WHEN transactions >= 60 THEN 5
            WHEN transactions >= 30 THEN 4
            WHEN transactions >= 12 THEN 3
            WHEN transactions >= 3 THEN 2
            WHEN transactions >= 0 THEN 1
        END AS f,
        CASE
            WHEN credits >= 15000 THEN 5
            WHEN credits >= 7500 THEN 4
            WHEN credits >= 3000 THEN 3
            WHEN credits >= 600 THEN 2
            WHEN credits IS NOT NULL THEN 1
        END AS m
    FROM measured
)

SELECT
    {{ as_of }} AS business_date,
    client_id,
    accounts AS value_accounts,
    balance::DECIMAL(24, 2) AS value_balance,
    -- By way of its text a double is rounded half up.
    ((balance_days * 100)::DOUBLE / 9000)::VARCHAR::DECIMAL(24, 2)
        AS value_average_daily_balance_90d,
    transactions AS value_transactions_90d,
    credits::DECIMAL(24, 2) AS value_credits_90d,
    debits::DECIMAL(24, 2) AS value_debits_90d,
    (credits - debits)::DECIMAL(24, 2) AS value_net_flow_90d,
    recency AS value_recency_days,
    r AS value_recency_score,
    f AS value_frequency_score,
    m AS value_monetary_score,
    CASE
        WHEN r IS NULL THEN NULL
        WHEN recency IS NULL THEN 'inactive'
        WHEN r = 1 THEN 'dormant'
        WHEN r = 2 THEN 'at risk'
        WHEN least(r, f, m) >= 4 THEN 'champion'
        WHEN m >= 4 THEN 'high value'
        WHEN f >= 4 THEN 'loyal'
        WHEN greatest(f, m) <= 2 THEN 'occasional'
        ELSE 'regular'
    END AS value_segment
FROM scored
