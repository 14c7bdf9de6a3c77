-- How long and how actively each client has been with the bank as of the business date.
{%- set as_of = "DATE '" ~ var("business_date") ~ "'" %}
{%- set from_90d = as_of ~ " - 89" %}
{%- set from_3m = "(" ~ as_of ~ " + 1 - INTERVAL 3 MONTH)::DATE" %}
{%- set from_6m = "(" ~ as_of ~ " + 1 - INTERVAL 6 MONTH)::DATE" %}
{%- set from_12m = "(" ~ as_of ~ " + 1 - INTERVAL 12 MONTH)::DATE" %}
{%- set first_month = "(date_trunc('month', " ~ as_of ~ ") - INTERVAL 11 MONTH)::DATE" %}
WITH clients AS (
    SELECT
        client_id,
        CASE WHEN client_created_date < {{ as_of }} + 1 THEN client_created_date::DATE END
            AS created_date
    FROM {{ ref('stage_customer') }}
    WHERE business_date = (
        SELECT max(business_date) FROM {{ ref('stage_customer') }}
        WHERE business_date <= {{ as_of }}
    )
),

dispositions AS (
    SELECT disp_id, client_id, account_id, type FROM {{ ref('stage_disposition') }}
    WHERE business_date = (
        SELECT max(business_date) FROM {{ ref('stage_disposition') }}
        WHERE business_date <= {{ as_of }}
    )
),

owners AS (
    SELECT account_id, arg_min(client_id, disp_id) AS client_id
    FROM dispositions
    WHERE type = 'owner' AND client_id IN (SELECT client_id FROM clients)
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

activity_of_account AS (
    -- All history in one pass. Twelve calendar months are distinguished by their numbers alone. Each
    -- balance is compared in one period only; without one a period has that of the period before.
    SELECT
        account_id,
        max(date) AS last_date,
        count(*) FILTER (date >= {{ from_90d }}) AS transactions,
        bit_or(1 << month(date)) FILTER (date >= {{ first_month }}) AS months,
        arg_max(balance, place) FILTER (date < {{ from_6m }}) AS balance_6m,
        coalesce(
            arg_max(balance, place) FILTER (date >= {{ from_6m }} AND date < {{ from_3m }}),
            balance_6m
        ) AS balance_3m,
        coalesce(arg_max(balance, place) FILTER (date >= {{ from_3m }}), balance_3m) AS balance
    FROM (
        -- A day and a number below 2^40 in one integer: arg_max takes half as long again by a pair.
        SELECT *, (date - DATE '1970-01-01') * 1099511627776 + trans_id AS place
        FROM {{ ref('stage_transaction') }}
        WHERE
            business_date <= {{ as_of }}
            AND date <= {{ as_of }}
            AND (
                -- As a join it would put all transactions, not these few, into a hash table.
                trans_id NOT IN (SELECT trans_id FROM redelivered)
                OR (trans_id, business_date) IN (SELECT (trans_id, latest) FROM redelivered)
            )
    )
    GROUP BY account_id
),

activity AS (
    -- An account without an earlier balance held 0.
    SELECT
        client_id,
        max(last_date) AS last_date,
        sum(transactions) AS transactions,
        bit_count(bit_or(months)) AS active_months,
        sum(balance) AS balance,
        coalesce(sum(balance_3m), 0) AS balance_3m,
        coalesce(sum(balance_6m), 0) AS balance_6m
    FROM activity_of_account
    INNER JOIN owners USING (account_id)
    GROUP BY client_id
),

accounts AS (
    -- Joint accounts too: each of the owners opened one.
    SELECT
        client_id,
        min(creation_date)::DATE AS first_date,
        count(*) FILTER (creation_date >= {{ from_12m }}) AS new_accounts
    FROM {{ ref('stage_account') }}
    INNER JOIN (SELECT DISTINCT client_id, account_id FROM dispositions WHERE type = 'owner')
        USING (account_id)
    WHERE
        business_date = (
            SELECT max(business_date) FROM {{ ref('stage_account') }}
            WHERE business_date <= {{ as_of }}
        )
        AND creation_date < {{ as_of }} + 1
    GROUP BY client_id
),

cards AS (
    SELECT client_id, count(*) AS new_cards
    FROM (
        SELECT
            arg_max(disp_id, business_date) AS disp_id,
            arg_max(issued_datetime, business_date) AS issued_at
        FROM {{ ref('stage_card') }}
        WHERE business_date <= {{ as_of }}
        GROUP BY card_token
    )
    INNER JOIN dispositions USING (disp_id)
    WHERE issued_at >= {{ from_12m }} AND issued_at < {{ as_of }} + 1
    GROUP BY client_id
),

sessions AS (
    SELECT client_id, count(*) AS sessions
    FROM (
        SELECT full_visitor_id, arg_max(session_date, business_date) AS session_date
        FROM {{ ref('stage_web_session') }}
        WHERE business_date <= {{ as_of }}
        GROUP BY full_visitor_id, visit_id, visit_start_time
    )
    INNER JOIN {{ ref('stage_web_visitor_map') }} USING (full_visitor_id)
    WHERE
        session_date BETWEEN {{ from_90d }} AND {{ as_of }}
        AND business_date = (
            SELECT max(business_date) FROM {{ ref('stage_web_visitor_map') }}
            WHERE business_date <= {{ as_of }}
        )
    GROUP BY client_id
),

zero_or_null AS (
    -- What a client without any shows: 0 where the feeds have delivered, else NULL: nobody knows.
    SELECT
        disposition + account AS accounts,
        disposition + card AS cards,
        disposition + transaction AS transactions,
        web_visitor_map + web_session AS sessions
    FROM (
        SELECT
            {%- for feed in (
                'disposition', 'account', 'card', 'transaction', 'web_visitor_map', 'web_session'
            ) %}
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
        last_date,
        coalesce(created_date, accounts.first_date) AS since,
        coalesce(active_months, zero_or_null.transactions) AS active_months,
        coalesce(activity.transactions, zero_or_null.transactions) AS transactions,
        coalesce(sessions.sessions, zero_or_null.sessions) AS sessions,
        coalesce(new_accounts, zero_or_null.accounts) AS new_accounts,
        coalesce(new_cards, zero_or_null.cards) AS new_cards,
        balance,
        -- Before the bank's first transaction nothing is known.
        CASE WHEN began < {{ from_3m }} THEN balance_3m END AS balance_3m,
        CASE WHEN began < {{ from_6m }} THEN balance_6m END AS balance_6m
    FROM clients
    CROSS JOIN zero_or_null
    CROSS JOIN (
        SELECT min(date) AS began FROM {{ ref('stage_transaction') }}
        WHERE business_date <= {{ as_of }}
    )
    LEFT JOIN activity USING (client_id)
    LEFT JOIN accounts USING (client_id)
    LEFT JOIN cards USING (client_id)
    LEFT JOIN sessions USING (client_id)
)

SELECT
    {{ as_of }} AS business_date,
    client_id,
    since AS loyalty_since_date,
    -- No third and no twelfth ends in half a unit of the fourth digit: there is no tie to break.
    (datesub('month', since, {{ as_of }}) / 12)::DECIMAL(18, 4) AS loyalty_tenure_years,
    {{ as_of }} - last_date AS loyalty_recency_days,
    active_months AS loyalty_active_months_12m,
    transactions AS loyalty_transactions_90d,
    sessions AS loyalty_web_sessions_90d,
    (transactions / 3)::DECIMAL(18, 4) AS loyalty_transactions_a_month,
    (sessions / 3)::DECIMAL(18, 4) AS loyalty_web_sessions_a_month,
    ((transactions + sessions) / 3)::DECIMAL(18, 4) AS loyalty_interactions_a_month,
    new_accounts AS loyalty_new_accounts_12m,
    new_cards AS loyalty_new_cards_12m,
    -- By way of its text a double is rounded half up.
    {%- for earlier in ('3m', '6m') %}
    (balance - balance_{{ earlier }})::DECIMAL(24, 2) AS loyalty_asset_growth_{{ earlier }},
    CASE
        WHEN balance_{{ earlier }} > 0
            THEN (
                (balance - balance_{{ earlier }})::DOUBLE / balance_{{ earlier }}::DOUBLE
            )::VARCHAR::DECIMAL(28, 4)
    END AS loyalty_asset_growth_ratio_{{ earlier }},
    {%- endfor %}
FROM measured
