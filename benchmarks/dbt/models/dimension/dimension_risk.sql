-- How far each client's own accounts have been below zero as of the business date.
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

stated AS (
    SELECT account_id, date, trans_id, balance
    FROM {{ ref('stage_transaction') }}
    WHERE
        business_date <= {{ as_of }}
        AND date <= {{ as_of }}
        AND balance IS NOT NULL
        AND (
            -- As a join it would put all transactions, not these few, into a hash table.
            trans_id NOT IN (SELECT trans_id FROM redelivered)
            OR (trans_id, business_date) IN (SELECT (trans_id, latest) FROM redelivered)
        )
),

openings AS (
    -- What each account came into the 90 days with. A day and a number below 2^40 are packed into
    -- one integer: arg_max takes half as long again by a pair.
    SELECT
        account_id,
        arg_max(balance, (date - DATE '1970-01-01') * 1099511627776 + trans_id) AS balance
    FROM stated
    WHERE date < {{ window_start }}
    GROUP BY account_id
),

came_overdrawn AS (
    SELECT account_id FROM owners
    WHERE
        client_id IN (
            SELECT client_id FROM openings INNER JOIN owners USING (account_id) WHERE balance < 0
        )
),

balance_periods AS (
    -- What an account closed a day with, from that day to the next change. Of an account that came
    -- into the 90 days overdrawn all are needed, since its streak is older.
    SELECT
        account_id,
        balance,
        date AS first_day,
        lead(date, 1, {{ window_end }}) OVER (PARTITION BY account_id ORDER BY date, trans_id)
            AS end_day,
        greatest(end_day - greatest(first_day, {{ window_start }}), 0) AS days
    FROM (
        SELECT * FROM stated WHERE date >= {{ window_start }}
        UNION ALL
        SELECT account_id, {{ window_start }} - 1, NULL, balance FROM openings
        WHERE account_id NOT IN (SELECT account_id FROM came_overdrawn)
        UNION ALL
        SELECT * FROM stated
        WHERE
            date < {{ window_start }}
            AND account_id IN (SELECT account_id FROM came_overdrawn)
    )
    QUALIFY end_day > first_day
),

accounts AS (
    -- Deviation = sqrt(n * sum of squares - square of the sum) / n, exact up to the root.
    SELECT
        account_id,
        sum(balance) FILTER (end_day = {{ window_end }}) AS balance,
        min(balance) FILTER (days > 0) AS lowest,
        sum(days)::DECIMAL(4, 0) AS n,
        sum(balance * days::DECIMAL(2, 0)) AS total,
        sum(balance * balance * days::DECIMAL(2, 0)) AS squares,
        sqrt(
            (n * squares::DECIMAL(34, 4) - total::DECIMAL(20, 2) * total::DECIMAL(16, 2))::DOUBLE
        ) / n::DOUBLE AS deviation
    FROM balance_periods
    GROUP BY account_id
),

balances AS (
    SELECT
        client_id,
        count(*) FILTER (balance < 0) AS overdrawn_accounts,
        -sum(balance) FILTER (balance < 0) AS overdrawn,
        min(lowest) AS lowest,
        max(deviation) AS deviation
    FROM accounts
    INNER JOIN owners USING (account_id)
    GROUP BY client_id
),

spells AS (
    -- A spell overdrawn, and how far the client's earlier ones reach: two accounts may overlap.
    SELECT
        client_id,
        first_day,
        end_day,
        max(end_day) OVER (
            PARTITION BY client_id ORDER BY first_day
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS covered_to
    FROM balance_periods
    INNER JOIN owners USING (account_id)
    WHERE balance < 0
),

overdrawn AS (
    SELECT
        client_id,
        sum(greatest(end_day - greatest(first_day, covered_to, {{ window_start }}), 0)) AS days,
        max(end_day) AS end_day,
        max(first_day) FILTER (covered_to IS NULL OR covered_to < first_day) AS streak_start
    FROM spells
    GROUP BY client_id
),

zero_or_null AS (
    -- What a client without any shows: 0 where the feeds have delivered, else NULL: nobody knows.
    SELECT disposition + transaction AS transactions
    FROM (
        SELECT
            {%- for feed in ('disposition', 'transaction') %}
            (
                SELECT 0 FROM {{ ref('stage_' ~ feed) }}
                WHERE business_date <= {{ as_of }} LIMIT 1
            ) AS {{ feed }},
            {%- endfor %}
    )
)

SELECT
    {{ as_of }} AS business_date,
    client_id,
    coalesce(days, transactions) AS risk_days_overdrawn_90d,
    CASE WHEN end_day = {{ window_end }} THEN end_day - streak_start ELSE transactions END
        AS risk_overdrawn_streak_days,
    coalesce(overdrawn_accounts, transactions) AS risk_accounts_overdrawn,
    coalesce(overdrawn, transactions)::DECIMAL(24, 2) AS risk_overdrawn_amount,
    lowest AS risk_lowest_balance_90d,
    -- By way of its text a double is rounded half up.
    deviation::VARCHAR::DECIMAL(18, 2) AS risk_balance_volatility_90d
FROM clients
CROSS JOIN zero_or_null
LEFT JOIN balances USING (client_id)
LEFT JOIN overdrawn USING (client_id)
