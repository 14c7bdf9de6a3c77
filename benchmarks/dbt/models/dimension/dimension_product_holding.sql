-- What each CRM client holds as of the business date.
{%- set as_of = "DATE '" ~ var("business_date") ~ "'" %}
WITH clients AS (
    SELECT client_id FROM {{ ref('stage_customer') }}
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

accounts AS (
    SELECT account_id, branch_id, creation_date FROM {{ ref('stage_account') }}
    WHERE
        business_date = (
            SELECT max(business_date) FROM {{ ref('stage_account') }}
            WHERE business_date <= {{ as_of }}
        )
        AND creation_date::DATE <= {{ as_of }}
),

dispositions_of_client AS (
    SELECT client_id, count(*) AS dispositions FROM dispositions GROUP BY client_id
),

client_accounts AS (
    SELECT
        client_id,
        account_id,
        branch_id,
        creation_date,
        bool_or(type = 'owner') AS owned,
        bool_or(type = 'user') AS used
    FROM dispositions
    INNER JOIN accounts USING (account_id)
    GROUP BY ALL
),

accounts_of_client AS (
    SELECT
        client_id,
        count(*) AS accounts,
        count(*) FILTER (owned) AS accounts_owner,
        count(*) FILTER (used) AS accounts_user,
        count(DISTINCT branch_id) AS branches,
        min(creation_date) AS first_at,
        max(creation_date) AS last_at
    FROM client_accounts
    GROUP BY client_id
),

cards AS (
    SELECT
        card_token,
        arg_max(disp_id, business_date) AS disp_id,
        arg_max(type, business_date) AS type,
        arg_max(issued_datetime, business_date) AS issued_at
    FROM {{ ref('stage_card') }}
    WHERE business_date <= {{ as_of }}
    GROUP BY card_token
),

cards_of_client AS (
    SELECT
        client_id,
        count(*) AS cards,
        count(*) FILTER (cards.type = 'junior') AS cards_junior,
        count(*) FILTER (cards.type = 'classic') AS cards_classic,
        count(*) FILTER (cards.type = 'gold') AS cards_gold,
        min(issued_at) AS first_at,
        max(issued_at) AS last_at
    FROM cards
    INNER JOIN dispositions USING (disp_id)
    WHERE issued_at::DATE <= {{ as_of }}
    GROUP BY client_id
),

acquired AS (
    -- At the same instant the account came first and its card last.
    SELECT
        clients.client_id,
        d.dispositions,
        a.* EXCLUDE (client_id, first_at, last_at),
        c.* EXCLUDE (client_id, first_at, last_at),
        least(a.first_at, c.first_at) AS first_at,
        greatest(a.last_at, c.last_at) AS last_at,
        CASE
            WHEN a.first_at <= c.first_at OR c.first_at IS NULL AND a.first_at IS NOT NULL
                THEN 'ACCOUNT'
            WHEN c.first_at IS NOT NULL THEN 'CARD'
        END
            AS first_what,
        CASE
            WHEN c.last_at >= a.last_at OR a.last_at IS NULL AND c.last_at IS NOT NULL
                THEN 'CARD'
            WHEN a.last_at IS NOT NULL THEN 'ACCOUNT'
        END
            AS last_what
    FROM clients
    LEFT JOIN dispositions_of_client AS d USING (client_id)
    LEFT JOIN accounts_of_client AS a USING (client_id)
    LEFT JOIN cards_of_client AS c USING (client_id)
)

SELECT
    {{ as_of }} AS business_date,
    client_id,
    coalesce(dispositions, 0) AS product_dispositions,
    coalesce(accounts, 0) AS product_accounts,
    coalesce(accounts_owner, 0) AS product_accounts_owner,
    coalesce(accounts_user, 0) AS product_accounts_user,
    coalesce(branches, 0) AS product_branches,
    coalesce(cards, 0) AS product_cards,
    coalesce(cards_junior, 0) AS product_cards_junior,
    coalesce(cards_classic, 0) AS product_cards_classic,
    coalesce(cards_gold, 0) AS product_cards_gold,
    first_at::DATE AS product_first_acquisition_date,
    first_what AS product_first_acquisition,
    {{ as_of }} - first_at::DATE AS product_days_since_first_acquisition,
    last_at::DATE AS product_last_acquisition_date,
    last_what AS product_last_acquisition,
    {{ as_of }} - last_at::DATE AS product_days_since_last_acquisition
FROM acquired
