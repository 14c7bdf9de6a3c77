-- One row per transaction of the days [from_day_no, to_day_no), in order of time.
CREATE OR REPLACE TEMP TABLE entry AS
WITH act_day AS (
    SELECT
        spender.*,
        day.day,
        (spender.account_id << 24) | (day.day_no << 8) AS base_id,
        floor(intensity.rate * spender.activity * day.weight
            + uniform((spender.account_id << 24) | (day.day_no << 8), 'acts'))::INTEGER AS acts
    FROM spender
    INNER JOIN day ON day.day_no >= spender.first_day_no AND day.day_no < spender.end_day_no
    CROSS JOIN intensity
    WHERE day.day_no >= getvariable('from_day_no') AND day.day_no < getvariable('to_day_no')
),

act AS (
    SELECT account_id, day, has_card, act_cents, base_id + unnest(range(least(acts, 255))) AS act_id
    FROM act_day
    WHERE acts > 0
),

-- One hash serves several choices: its bits are independent.
chosen AS (
    SELECT
        account_id,
        day,
        act_cents,
        act_id,
        salted(act_id, 'act') AS bits,
        bell(salted(act_id, 'amount')) AS z,
        [
            'CCW', 'WCA', 'CCK', 'RAB', 'CAB'
        ][CASE
            WHEN has_card THEN [1, 2, 3, 4, 5][
                CASE WHEN (bits & 1023) < 760 THEN 1 WHEN (bits & 1023) < 880 THEN 2
                    WHEN (bits & 1023) < 920 THEN 3 WHEN (bits & 1023) < 990 THEN 4 ELSE 5 END]
            WHEN (bits & 1023) < 500 THEN 2 WHEN (bits & 1023) < 580 THEN 3
            WHEN (bits & 1023) < 960 THEN 4 ELSE 5
        END] AS operation
    FROM act
),

moved AS (
    SELECT
        account_id,
        day + to_seconds(25200 + ((bits >> 10) % 54000)::BIGINT) AS booked_at,
        act_id << 1 AS event_id,
        operation,
        CASE operation
            WHEN 'WCA' THEN greatest(1000, (act_cents * 2 * exp(0.5 * z)) // 1000 * 1000)
            WHEN 'CCK' THEN greatest(1000, (act_cents * 3 * exp(0.6 * z)) // 500 * 500)
            WHEN 'CCW' THEN greatest(50, act_cents * 0.8 * exp(0.8 * z - 0.32))
            ELSE greatest(100, act_cents * 1.5 * exp(0.7 * z - 0.25))
        END::BIGINT AS cents
    FROM chosen
    UNION ALL
    SELECT
        account_id,
        day + to_seconds(3600 + (salted(payment_id, 'clock') % 7200)::BIGINT),
        (payment_id << 1) | 1,
        operation,
        cents
    FROM payments(day_of(getvariable('from_day_no')), day_of(getvariable('to_day_no')))
)

SELECT
    *,
    CASE WHEN operation IN ('CCK', 'CAB') THEN cents ELSE -cents END AS signed_cents
FROM moved;
