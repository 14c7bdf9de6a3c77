-- Twenty slots of equal weight: what people of working age do, and what they earn a month.
CREATE TABLE occupation AS
SELECT row_number() OVER () - 1 AS slot, *
FROM (VALUES
    ('nurse', 2900, 0.18), ('teacher', 3100, 0.15), ('shop assistant', 2000, 0.2),
    ('shop assistant', 2000, 0.2), ('software engineer', 4800, 0.3), ('accountant', 3300, 0.22),
    ('electrician', 2700, 0.22), ('driver', 2300, 0.2), ('cook', 2100, 0.22),
    ('office clerk', 2500, 0.2), ('office clerk', 2500, 0.2), ('factory worker', 2400, 0.18),
    ('factory worker', 2400, 0.18), ('physician', 6500, 0.35), ('lawyer', 5600, 0.4),
    ('police officer', 3000, 0.15), ('hairdresser', 1900, 0.25), ('self-employed', NULL, 0.5),
    ('homemaker', NULL, 0), ('unemployed', NULL, 0)
) AS t (occupation, salary, deviation);

-- One row per client. Ids rise with the date of joining; two neighbours may form a household.
CREATE TABLE client AS
WITH numbered AS (
    SELECT
        i,
        10000 + i AS client_id,
        i // 2 AS pair,
        uniform(i // 2, 'couple') < 0.35 AND (i // 2) * 2 + 1 < getvariable('customers') AS coupled
    FROM range(getvariable('customers')) AS t (i)
),

aged AS (
    SELECT
        *,
        i % 2 = 1 AND coupled AS is_second,
        CASE WHEN coupled THEN pair * 2 ELSE i END AS household_no,
        uniform(household_no, 'age') AS u,
        CASE
            WHEN u < 0.02 THEN 14 + 4 * (u / 0.02)
            WHEN u < 0.13 THEN 18 + 7 * ((u - 0.02) / 0.11)
            WHEN u < 0.32 THEN 25 + 10 * ((u - 0.13) / 0.19)
            WHEN u < 0.51 THEN 35 + 10 * ((u - 0.32) / 0.19)
            WHEN u < 0.68 THEN 45 + 10 * ((u - 0.51) / 0.17)
            WHEN u < 0.83 THEN 55 + 10 * ((u - 0.68) / 0.15)
            WHEN u < 0.94 THEN 65 + 10 * ((u - 0.83) / 0.11)
            ELSE 75 + 20 * ((u - 0.94) / 0.06)
        END AS base_age,
        CASE
            WHEN NOT coupled THEN base_age
            WHEN is_second THEN greatest(20, base_age + 3 * normal(i, 'age gap'))
            ELSE greatest(22, base_age)
        END AS years
    FROM numbered
),

occupied AS (
    SELECT
        aged.*,
        CASE
            WHEN years < 18 THEN 'pupil'
            WHEN years < 25 AND uniform(i, 'student') < 0.5 THEN 'student'
            WHEN years >= 66 OR (years >= 61 AND uniform(i, 'retired') < 0.4) THEN 'retired'
            ELSE occupation.occupation
        END AS occupation,
        occupation.salary,
        occupation.deviation,
        (i + uniform(i, 'joined')) / getvariable('customers') AS rank_joined
    FROM aged
    INNER JOIN occupation ON occupation.slot = floor(20 * uniform(aged.i, 'occupation'))::BIGINT
)

SELECT
    client_id,
    CASE WHEN coupled THEN household_no END AS household_no,
    CASE WHEN coupled AND is_second THEN 'second' WHEN coupled THEN 'first' END AS household_role,
    getvariable('last_day') - (years * 365.2425)::INTEGER AS birth_date,
    years::INTEGER AS years,
    occupation,
    -- Cents a month; NULL where no employer or pension fund pays.
    CASE
        WHEN occupation = 'retired' THEN (1500 * spread_of(i, 'pension', 0.3))::BIGINT * 100
        WHEN occupation IN ('pupil', 'student') THEN NULL
        ELSE (salary * least(1.25, 0.75 + (years - 18) / 60) * spread_of(i, 'salary', deviation))::BIGINT
            * 100
    END AS income_cents,
    CASE
        WHEN coupled THEN 'M'
        WHEN years < 20 THEN 'S'
        WHEN uniform(i, 'marital') < greatest(0.12, 0.95 - (years - 20) / 35) THEN 'S'
        WHEN uniform(i, 'divorced') < 0.35 THEN 'D'
        ELSE 'M'
    END AS marital_status,
    CASE
        WHEN coupled AND is_second THEN 'N'
        WHEN coupled THEN 'Y'
        WHEN uniform(i, 'head') < CASE WHEN years < 25 THEN 0.3 ELSE 0.85 END THEN 'Y'
        ELSE 'N'
    END AS head_of_household_flag,
    CASE
        WHEN uniform(household_no, 'home') < 0.06 THEN 'U'
        WHEN uniform(household_no, 'home') < 0.06 + least(0.72, greatest(0.03, (base_age - 20) / 55))
            THEN 'O'
        ELSE 'R'
    END AS home_ownership,
    CASE
        WHEN rank_joined >= 1 - getvariable('new_share')
            THEN getvariable('first_day')::TIMESTAMP + to_microseconds((
                (rank_joined - 1 + getvariable('new_share')) / getvariable('new_share')
                * getvariable('days') * 86400000000)::BIGINT)
        ELSE getvariable('first_day')::TIMESTAMP - to_microseconds((
            pow(1 - rank_joined / (1 - getvariable('new_share')), 1.3)
            * 15 * 365.2425 * 86400000000)::BIGINT)
    END AS client_created_date,
    CASE
        WHEN client_created_date < getvariable('first_day')::TIMESTAMP
            AND NOT is_second AND uniform(i, 'churn') < getvariable('churn_share')
            THEN day_of(1 + floor(uniform(i, 'churn day') * (getvariable('days') - 1)))
    END AS churn_date,
    uniform(i, 'no account') >= 0.04 AS has_account,
    NOT is_second OR uniform(i, 'own account') < 0.55 AS has_own_account,
    uniform(i, 'digital') < least(0.8, greatest(0.15, 1.05 - years / 90)) AS is_digital
FROM occupied;
