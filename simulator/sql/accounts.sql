-- One row per account, numbered by opening.
CREATE TABLE account AS
WITH slot AS (
    SELECT
        client.*,
        slot.slot,
        client_id * 2 + slot.slot AS slot_id,
        coalesce(household_no, client_id - 10000) AS home_id,
        CASE
            WHEN slot.slot = 0
                THEN client_created_date + to_microseconds((uniform(client_id, 'opening') * 8e11)::BIGINT)
            ELSE client_created_date + to_microseconds((uniform(client_id, 'second opening')
                * date_diff('microsecond', client_created_date, getvariable('last_day') + 1))::BIGINT)
        END AS opened_at
    FROM client
    CROSS JOIN (VALUES (0), (1)) AS slot (slot)
    WHERE has_account AND has_own_account
        AND (slot.slot = 0 OR uniform(client_id, 'second account') < 0.22)
)

SELECT
    row_number() OVER (ORDER BY opened_at, slot_id) AS account_id,
    client_id,
    slot,
    household_role,
    household_no,
    1 + floor(getvariable('branches') * pow(uniform(home_id, 'branch'), 1.5))::INTEGER AS branch_id,
    CASE
        WHEN uniform(slot_id, 'frequency') < 0.8 THEN 'MI'
        WHEN uniform(slot_id, 'frequency') < 0.94 THEN 'WI'
        ELSE 'TI'
    END AS frequency,
    opened_at,
    uniform(slot_id, 'dormant') < 0.06 AS is_dormant,
    greatest(0, opened_at::DATE - getvariable('first_day'))::INTEGER AS first_day_no,
    -- The first day without activity.
    least(getvariable('days'), coalesce(churn_date - getvariable('first_day'), getvariable('days')))
        ::INTEGER AS end_day_no,
    CASE WHEN is_dormant THEN 0
        ELSE greatest(10, 100 * spread_of(slot_id, 'activity', 0.6) * CASE slot WHEN 0 THEN 1 ELSE 0.4 END)
    END::INTEGER AS activity,
    -- What the account can live on in a month: a second account sees no salary.
    coalesce(income_cents, 40000) * CASE slot WHEN 0 THEN 1 ELSE 0.1 END AS means_cents,
    CASE
        WHEN opened_at >= getvariable('first_day')::TIMESTAMP THEN 0
        ELSE (coalesce(income_cents, 90000) * 1.5 * spread_of(slot_id, 'opening balance', 0.9))::BIGINT
    END AS opening_cents
FROM slot
WHERE opened_at < (getvariable('last_day') + 1)::TIMESTAMP;

-- One row per client and account: owners, and the second of a household as user or second owner.
CREATE TABLE disposition AS
WITH holder AS (
    SELECT account_id, client_id, 'owner' AS type, 0 AS place, opened_at FROM account
    UNION ALL
    SELECT
        account.account_id,
        second.client_id,
        CASE WHEN uniform(second.client_id, 'joint') < 0.75 THEN 'user' ELSE 'owner' END,
        1,
        -- The second joins when both are clients.
        greatest(account.opened_at, second.client_created_date)
    FROM account
    INNER JOIN client AS second
        ON second.client_id = account.client_id + 1 AND second.household_role = 'second'
    WHERE account.slot = 0 AND account.household_role = 'first'
        AND second.client_created_date < (getvariable('last_day') + 1)::TIMESTAMP
)

SELECT
    row_number() OVER (ORDER BY opened_at, account_id, place) AS disp_id,
    account_id,
    client_id,
    type,
    place,
    opened_at
FROM holder;

-- One row per card. 999999 is no issuer's number: these cards cannot be anybody's.
CREATE TABLE card AS
WITH wanted AS (
    SELECT
        disposition.disp_id,
        nth.nth,
        disposition.disp_id * 2 + nth.nth AS wish_id,
        client.years,
        client.income_cents,
        CASE nth.nth
            WHEN 0 THEN disposition.opened_at
                + to_microseconds(((3 + 17 * uniform(disposition.disp_id, 'card')) * 8.64e10)::BIGINT)
            ELSE disposition.opened_at + to_microseconds((uniform(disposition.disp_id, 'second card')
                * date_diff('microsecond', disposition.opened_at, getvariable('last_day') + 1))::BIGINT)
        END AS issued_at,
        client.churn_date
    FROM disposition
    INNER JOIN client USING (client_id)
    CROSS JOIN (VALUES (0), (1)) AS nth (nth)
    WHERE uniform(disposition.disp_id, 'card wish') < CASE nth.nth WHEN 0 THEN 0.8 ELSE 0.2 END
),

numbered AS (
    SELECT *, row_number() OVER (ORDER BY issued_at, wish_id) AS card_no
    FROM wanted
    WHERE issued_at < (getvariable('last_day') + 1)::TIMESTAMP
        AND (churn_date IS NULL OR issued_at < churn_date::TIMESTAMP)
)

SELECT
    card_no,
    -- Steps of a number prime to 10^9 visit every nine-digit number once.
    luhn('999999' || lpad(((card_no * 387420489 + getvariable('seed') * 7919) % 1000000000)::VARCHAR, 9, '0'))
        AS card_id,
    disp_id,
    CASE
        WHEN years < 20 THEN 'junior'
        WHEN uniform(wish_id, 'gold') < CASE WHEN income_cents > 400000 THEN 0.45 ELSE 0.06 END THEN 'gold'
        ELSE 'classic'
    END AS type,
    issued_at
FROM numbered;
