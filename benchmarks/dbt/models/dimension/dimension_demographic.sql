-- Who each client is, and what its accounts show of a regular income.
{%- set as_of = "DATE '" ~ var("business_date") ~ "'" %}
WITH clients AS (
    SELECT
        client_id,
        occupation,
        CASE home_ownership WHEN 'O' THEN 'own' WHEN 'R' THEN 'rent' WHEN 'U' THEN 'unknown' END
            AS home_ownership,
        CASE marital_status
            WHEN 'M' THEN 'married' WHEN 'S' THEN 'single' WHEN 'D' THEN 'divorced'
        END AS marital_status,
        CASE head_of_household_flag WHEN 'Y' THEN true WHEN 'N' THEN false END
            AS head_of_household,
        CASE
            WHEN marital_status = 'M' THEN 1
            WHEN head_of_household_flag = 'Y' THEN 2
            WHEN head_of_household_flag = 'N' THEN 3
            ELSE 4
        END AS household,
        -- Dates as numbers like 20240229: whole years are completed on the birthday, or 1 March.
        CASE
            WHEN birth_date <= {{ as_of }}
                THEN (
                    {{ var("business_date").replace("-", "") }}
                    - (year(birth_date) * 10000 + month(birth_date) * 100 + day(birth_date))
                ) // 10000
        END AS age
    FROM {{ ref('stage_customer') }}
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

transfers AS (
    -- Collections from other banks over 100 days, equal ones of a day once. More than 100 are the
    -- takings of a business.
    SELECT account_id, max(trans_id) AS trans_id, date, amount
    FROM {{ ref('stage_transaction') }}
    WHERE
        business_date <= {{ as_of }}
        AND date BETWEEN {{ as_of }} - 99 AND {{ as_of }}
        AND type = 'credit'
        AND operation = 'CAB'
        AND amount > 0
        AND (
            -- As a join it would put all transactions, not these few, into a hash table.
            trans_id NOT IN (SELECT trans_id FROM redelivered)
            OR (trans_id, business_date) IN (SELECT (trans_id, latest) FROM redelivered)
        )
    GROUP BY account_id, date, amount
    QUALIFY count(*) OVER (PARTITION BY account_id) <= 100
),

series AS (
    -- Three, each 25 to 36 days after the one before and the last not older, no two of them further
    -- apart than 20 % of the middle one. The ranges of days follow from that, and keep joins small.
    SELECT
        account_id,
        third.date,
        greatest(first.amount, second.amount, third.amount) AS most,
        least(first.amount, second.amount, third.amount) AS least,
        most - least AS spread,
        first.amount + second.amount + third.amount - most - least AS middle,
        abs((third.date - second.date) - (second.date - first.date)) AS gap_spread,
        third.trans_id AS third_id,
        second.trans_id AS second_id,
        first.trans_id AS first_id
    FROM (FROM transfers WHERE date >= {{ as_of }} - 36) AS third
    INNER JOIN
        (FROM transfers WHERE date BETWEEN {{ as_of }} - 72 AND {{ as_of }} - 25) AS second
        USING (account_id)
    INNER JOIN (FROM transfers WHERE date <= {{ as_of }} - 50) AS first USING (account_id)
    WHERE
        third.date - second.date BETWEEN 25 AND 36
        AND second.date - first.date BETWEEN 25 AND 36
        -- What this leaves out the next would too, a join later.
        AND abs(third.amount - second.amount) <= 0.20 * greatest(third.amount, second.amount)
        AND spread <= 0.20 * middle
),

incomes AS (
    -- The largest income that still comes; of one income's readings the latest, then the steadiest.
    SELECT
        client_id,
        middle,
        date,
        0.5 + 0.25 * (1 - spread::DOUBLE / (0.20 * middle)::DOUBLE) + 0.25 * (1 - gap_spread / 11)
            AS confidence
    FROM series
    INNER JOIN owners USING (account_id)
    QUALIFY
        row_number() OVER (
            PARTITION BY client_id
            ORDER BY
                middle DESC, date DESC, spread, gap_spread, third_id DESC, second_id DESC,
                first_id DESC
        ) = 1
)

SELECT
    {{ as_of }} AS business_date,
    client_id,
    age AS demographic_age,
    CASE
        WHEN age <= 17 THEN 'minor'
        WHEN age <= 25
            THEN ['young couple', 'young independent', 'young at home', 'young adult'][household]
        WHEN age <= 44
            THEN
                ['family building', 'single household', 'in another household', 'adult'][household]
        WHEN age <= 64
            THEN [
                'established family', 'established single', 'in another household', 'established'
            ][household]
        WHEN age <= 130
            THEN [
                'senior couple', 'senior alone', 'senior in another household', 'senior'
            ][household]
    END AS demographic_life_stage,
    home_ownership AS demographic_home_ownership,
    head_of_household AS demographic_head_of_household,
    marital_status AS demographic_marital_status,
    occupation AS demographic_occupation,
    middle::DECIMAL(18, 2) AS demographic_monthly_income,
    CASE WHEN middle IS NOT NULL THEN 'recurring_credit' END AS demographic_income_method,
    -- By way of its text a double is rounded half up.
    confidence::VARCHAR::DECIMAL(18, 4) AS demographic_income_confidence,
    date AS demographic_income_last_date
FROM clients
LEFT JOIN incomes USING (client_id)
