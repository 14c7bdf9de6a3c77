-- Where a visitor sits. Slots are of equal weight.
CREATE TABLE place AS
SELECT row_number() OVER () - 1 AS slot, *
FROM (VALUES
    ('Austria', 'Vienna', 'Vienna'), ('Austria', 'Vienna', 'Vienna'), ('Austria', 'Vienna', 'Vienna'),
    ('Austria', 'Vienna', 'Vienna'), ('Austria', 'Styria', 'Graz'), ('Austria', 'Styria', 'Graz'),
    ('Austria', 'Upper Austria', 'Linz'), ('Austria', 'Upper Austria', 'Linz'),
    ('Austria', 'Salzburg', 'Salzburg'), ('Austria', 'Tyrol', 'Innsbruck'),
    ('Austria', 'Carinthia', 'Klagenfurt'), ('Austria', 'Lower Austria', '(not set)'),
    ('Austria', 'Lower Austria', '(not set)'), ('Austria', '(not set)', '(not set)'),
    ('Austria', '(not set)', '(not set)'), ('Germany', 'Bavaria', 'Munich'),
    ('Germany', 'Berlin', 'Berlin'), ('Czechia', 'Prague', 'Prague'), ('Italy', 'Lombardy', 'Milan'),
    ('(not set)', '(not set)', '(not set)')
) AS t (country, region, city);

-- Client and device: up to three of their own, the first of which a household may share.
CREATE TABLE client_device AS
SELECT
    client_id,
    churn_date,
    CASE
        WHEN nth = 0 AND household_role = 'second' AND uniform(household_no, 'shared device') < 0.5
            THEN (client_id - 1) * 4
        ELSE client_id * 4 + nth
    END AS device_id
FROM client
CROSS JOIN (VALUES (0), (1), (2)) AS t (nth)
WHERE is_digital AND uniform(client_id, 'devices') < [1, 0.5, 0.15][nth + 1]
UNION ALL
-- A screen in a branch, used by several clients: nobody can say whose session it was.
SELECT
    10000 + floor(getvariable('customers') * uniform(screen * 8 + nth, 'who'))::BIGINT AS client_id,
    NULL,
    4 * (10000 + getvariable('customers')) + screen
FROM range(2 + getvariable('customers') // 500) AS t (screen)
CROSS JOIN range(3 + (salted(screen, 'crowd') % 4)::BIGINT) AS u (nth);

-- One row per device that visits the site, of clients and of strangers.
CREATE TABLE visitor AS
WITH device AS (
    SELECT device_id, max(churn_date) FILTER (WHERE churn_date IS NOT NULL) AS churn_date,
        bool_or(churn_date IS NULL) AS goes_on
    FROM client_device
    GROUP BY device_id
    UNION ALL
    SELECT 8 * (20000 + getvariable('customers')) + stranger, NULL, true
    FROM range(getvariable('customers') // 7 + 1) AS t (stranger)
)

SELECT
    device_id,
    lpad((salted(device_id, 'visitor') % 10000000000000000000::UBIGINT)::VARCHAR, 19, '0')
        AS full_visitor_id,
    greatest(10, 100 * spread_of(device_id, 'visits', 0.7))::INTEGER AS activity,
    CASE WHEN goes_on THEN getvariable('days')
        ELSE least(getvariable('days'), churn_date - getvariable('first_day'))
    END::INTEGER AS end_day_no,
    CASE WHEN uniform(device_id, 'category') < 0.48 THEN 'mobile'
        WHEN uniform(device_id, 'category') < 0.92 THEN 'desktop' ELSE 'tablet' END AS device_category,
    CASE device_category
        WHEN 'desktop' THEN ['Windows', 'Windows', 'Macintosh', 'Linux'][1 + (salted(device_id, 'os') % 4)::INTEGER]
        ELSE ['Android', 'iOS'][1 + (salted(device_id, 'os') % 2)::INTEGER]
    END AS operating_system,
    CASE
        WHEN operating_system = 'iOS' THEN 'Safari'
        ELSE ['Chrome', 'Chrome', 'Chrome', 'Firefox', 'Edge'][1 + (salted(device_id, 'browser') % 5)::INTEGER]
    END AS browser,
    place.country,
    place.region,
    place.city
FROM device
INNER JOIN place ON place.slot = (salted(device.device_id, 'place') % 20)::BIGINT;

-- Many to many: a client has several devices, a device several clients.
CREATE TABLE visitor_map AS
SELECT DISTINCT full_visitor_id, client_id
FROM client_device
INNER JOIN visitor USING (device_id);
