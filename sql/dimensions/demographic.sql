-- Who each CRM client is, and what its accounts show of a regular income.
WITH as_of AS (
    SELECT CAST(? AS date) AS business_date
),

life_stages AS (
    -- The one place for the bands: completed years from and to, and the stage of who is married, of
    -- who heads a household alone, of who lives in another's, and where CRM does not say.
    SELECT from_age, to_age, married, alone, lodged, otherwise
    FROM (
        VALUES
        (0, 17, 'minor', 'minor', 'minor', 'minor'),
        (18, 25, 'young couple', 'young independent', 'young at home', 'young adult'),
        (26, 44, 'family building', 'single household', 'in another household', 'adult'),
        (45, 64, 'established family', 'established single', 'in another household', 'established'),
        (65, 130, 'senior couple', 'senior alone', 'senior in another household', 'senior')
    ) AS life_stage (from_age, to_age, married, alone, lodged, otherwise)
),

income_rules AS (
    -- What makes credits a salary: days from one to the next (the last one to the business date),
    -- how far apart the amounts may be, as a share of the middle one, and how many different
    -- collections (date and amount) an account may have: more than one a day are the takings of a
    -- business, of which three alike are no salary, and whose comparison grows with their cube.
    SELECT least_gap, most_gap, most_spread, most_collections
    FROM (
        VALUES (25, 36, CAST('0.20' AS decimal(3, 2)), 100)
    ) AS rule (least_gap, most_gap, most_spread, most_collections)
),

newest AS (
    -- The newest delivery of each feed, NULL where it has not delivered by then, and the 100 days.
    SELECT
        as_of.business_date,
        CAST(date_add('day', -99, as_of.business_date) AS date) AS window_start,
        (
            SELECT max(customer.business_date) FROM stage.customer AS customer
            WHERE customer.business_date <= (SELECT as_of.business_date FROM as_of)
        ) AS customer_date,
        (
            SELECT max(disposition.business_date) FROM stage.disposition AS disposition
            WHERE disposition.business_date <= (SELECT as_of.business_date FROM as_of)
        ) AS disposition_date
    FROM as_of
),

clients AS (
    SELECT
        customer.client_id,
        customer.occupation,
        customer.birth_date,
        CASE customer.home_ownership
            WHEN 'O' THEN 'own'
            WHEN 'R' THEN 'rent'
            WHEN 'U' THEN 'unknown'
        END AS home_ownership,
        CASE customer.marital_status
            WHEN 'M' THEN 'married'
            WHEN 'S' THEN 'single'
            WHEN 'D' THEN 'divorced'
        END AS marital_status,
        CASE customer.head_of_household_flag WHEN 'Y' THEN TRUE WHEN 'N' THEN FALSE END
            AS head_of_household,
        -- A day short of the birthday is a year less; 29 February is completed on 1 March.
        CASE
            WHEN customer.birth_date <= newest.business_date
                THEN
                    year(newest.business_date) - year(customer.birth_date)
                    - CASE
                        WHEN
                            month(newest.business_date) * 100 + day(newest.business_date)
                            < month(customer.birth_date) * 100 + day(customer.birth_date)
                            THEN 1
                        ELSE 0
                    END
        END AS age
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

collections AS (
    -- From other banks, over 100 days. Of equal ones on a day the last speaks for all.
    SELECT
        owners.client_id,
        booked.account_id,
        booked."date",
        booked.amount,
        max(booked.trans_id) AS trans_id
    FROM stage.transaction AS booked
    INNER JOIN owners ON booked.account_id = owners.account_id
    LEFT JOIN redelivered
        ON booked.trans_id = redelivered.trans_id AND booked.trans_scope = redelivered.trans_scope
    CROSS JOIN newest
    WHERE
        booked.business_date <= newest.business_date
        AND booked."date" BETWEEN newest.window_start AND newest.business_date
        AND booked.type = 'credit'
        AND booked.operation = 'CAB'
        AND booked.amount > 0
        AND (redelivered.business_date IS NULL OR redelivered.business_date = booked.business_date)
    GROUP BY owners.client_id, booked.account_id, booked."date", booked.amount
),

counted_collections AS (
    SELECT
        client_id,
        account_id,
        "date",
        amount,
        trans_id,
        count(account_id) OVER (PARTITION BY account_id) AS collections
    FROM collections
),

transfers AS (
    SELECT
        counted.client_id,
        counted.account_id,
        counted."date",
        counted.amount,
        counted.trans_id
    FROM counted_collections AS counted
    INNER JOIN income_rules ON counted.collections <= income_rules.most_collections
),

steps AS (
    -- Two transfers to an account that could be one month's income and the next month's.
    SELECT
        later.client_id,
        later.account_id,
        later.trans_id,
        earlier.trans_id AS earlier_trans_id,
        later."date",
        later.amount,
        earlier.amount AS earlier_amount,
        date_diff('day', earlier."date", later."date") AS gap
    FROM transfers AS later
    CROSS JOIN income_rules
    INNER JOIN transfers AS earlier
        ON
            later.account_id = earlier.account_id
            AND date_diff('day', earlier."date", later."date")
            BETWEEN income_rules.least_gap AND income_rules.most_gap
            AND greatest(later.amount, earlier.amount) - least(later.amount, earlier.amount)
            <= income_rules.most_spread * greatest(later.amount, earlier.amount)
),

series AS (
    SELECT
        last_step.client_id,
        last_step.account_id,
        last_step.trans_id,
        last_step."date",
        first_step.trans_id AS middle_trans_id,
        first_step.earlier_trans_id AS first_trans_id,
        greatest(last_step.amount, first_step.amount, first_step.earlier_amount)
        - least(last_step.amount, first_step.amount, first_step.earlier_amount) AS spread,
        last_step.amount + first_step.amount + first_step.earlier_amount
        - greatest(last_step.amount, first_step.amount, first_step.earlier_amount)
        - least(last_step.amount, first_step.amount, first_step.earlier_amount) AS middle,
        greatest(last_step.gap, first_step.gap) - least(last_step.gap, first_step.gap)
            AS gap_spread
    FROM steps AS last_step
    INNER JOIN steps AS first_step
        ON
            last_step.account_id = first_step.account_id
            AND last_step.earlier_trans_id = first_step.trans_id
),

ranked_series AS (
    -- The largest income that still comes; of one income's readings the latest, then the steadiest.
    SELECT
        series.client_id,
        series.middle,
        series."date",
        0.5e0
        + 0.25e0 * (
            1e0
            - CAST(series.spread AS double)
            / nullif(CAST(income_rules.most_spread * series.middle AS double), 0e0)
        )
        + 0.25e0 * (
            1e0
            - CAST(series.gap_spread AS double)
            / nullif(CAST(income_rules.most_gap - income_rules.least_gap AS double), 0e0)
        ) AS confidence,
        row_number() OVER (
            PARTITION BY series.client_id
            ORDER BY
                series.middle DESC, series."date" DESC, series.spread, series.gap_spread,
                series.trans_id DESC, series.middle_trans_id DESC, series.first_trans_id DESC
        ) AS place
    FROM series
    CROSS JOIN income_rules
    CROSS JOIN newest
    WHERE
        series.spread <= income_rules.most_spread * series.middle
        AND date_diff('day', series."date", newest.business_date) <= income_rules.most_gap
)

SELECT
    newest.business_date,
    clients.client_id,
    CAST(clients.age AS bigint) AS demographic_age,
    CASE
        WHEN clients.marital_status = 'married' THEN life_stages.married
        WHEN clients.head_of_household THEN life_stages.alone
        WHEN NOT clients.head_of_household THEN life_stages.lodged
        ELSE life_stages.otherwise
    END AS demographic_life_stage,
    clients.home_ownership AS demographic_home_ownership,
    clients.head_of_household AS demographic_head_of_household,
    clients.marital_status AS demographic_marital_status,
    clients.occupation AS demographic_occupation,
    income.middle AS demographic_monthly_income,
    CASE WHEN income.middle IS NOT NULL THEN 'recurring_credit' END AS demographic_income_method,
    CAST(income.confidence AS decimal(18, 4)) AS demographic_income_confidence,
    income."date" AS demographic_income_last_date
FROM clients
CROSS JOIN newest
LEFT JOIN life_stages ON clients.age BETWEEN life_stages.from_age AND life_stages.to_age
LEFT JOIN ranked_series AS income ON clients.client_id = income.client_id AND income.place = 1
