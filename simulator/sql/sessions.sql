-- Twenty slots of equal weight: how a visitor came.
CREATE TABLE channel AS
SELECT row_number() OVER () - 1 AS slot, *
FROM (VALUES
    ('Direct', '(direct)', '(none)', '(not set)'), ('Direct', '(direct)', '(none)', '(not set)'),
    ('Direct', '(direct)', '(none)', '(not set)'), ('Direct', '(direct)', '(none)', '(not set)'),
    ('Direct', '(direct)', '(none)', '(not set)'), ('Direct', '(direct)', '(none)', '(not set)'),
    ('Organic Search', 'google', 'organic', '(not set)'), ('Organic Search', 'google', 'organic', '(not set)'),
    ('Organic Search', 'google', 'organic', '(not set)'), ('Organic Search', 'google', 'organic', '(not set)'),
    ('Organic Search', 'bing', 'organic', '(not set)'), ('Organic Search', 'duckduckgo', 'organic', '(not set)'),
    ('Paid Search', 'google', 'cpc', 'mortgage-spring'), ('Paid Search', 'google', 'cpc', 'gold-card'),
    ('Email', 'newsletter', 'email', 'monthly-statement'), ('Email', 'newsletter', 'email', 'savings-rate'),
    ('Referral', 'comparison.example', 'referral', '(not set)'), ('Referral', 'news.example', 'referral', '(not set)'),
    ('Social', 'social.example', 'social', '(not set)'), ('Display', 'adserver.example', 'display', 'gold-card')
) AS t (channel_grouping, source, medium, campaign);

-- One row per visit.
CREATE TABLE session AS
WITH units AS (
    SELECT sum(visitor.activity::HUGEINT * till.weight) AS units
    FROM visitor INNER JOIN weight_before AS till ON till.day_no = visitor.end_day_no
),

visit AS (
    SELECT
        device_id,
        day.day_no,
        (device_id << 20) | (day.day_no << 4) AS base_id,
        floor(getvariable('sessions')::DOUBLE / greatest(1, units::DOUBLE) * activity * day.weight
            + uniform((device_id << 20) | (day.day_no << 4), 'visits'))::INTEGER AS visits
    FROM visitor
    INNER JOIN day ON day.day_no < visitor.end_day_no
    CROSS JOIN units
),

each AS (
    SELECT device_id, day_no, unnest(range(least(visits, 16))) AS nth, base_id + nth AS session_id
    FROM visit
    WHERE visits > 0
)

SELECT
    session_id,
    device_id,
    day_no,
    row_number() OVER (PARTITION BY device_id ORDER BY session_id) AS visit_number,
    -- Two visits of one visitor never start in the same second.
    epoch(day_of(day_no)::TIMESTAMP)::BIGINT + 5000 * nth + (salted(session_id, 'start') % 5000)::BIGINT
        + CASE WHEN nth < 6 THEN 25200 ELSE 0 END AS started,
    CASE
        WHEN uniform(session_id, 'bounce') < [0.38, 0.47, 0.45, 0.6, 0.35, 0.5, 0.62, 0.7][1 + CASE
            channel.channel_grouping WHEN 'Direct' THEN 0 WHEN 'Organic Search' THEN 1
            WHEN 'Paid Search' THEN 2 WHEN 'Social' THEN 3 WHEN 'Email' THEN 4 WHEN 'Referral' THEN 5
            WHEN 'Display' THEN 6 ELSE 7 END] THEN 1
        ELSE least(30, 2 + floor(-3.2 * ln(1 - uniform(session_id, 'depth'))))::INTEGER
    END AS hits,
    -- An application sent from the site.
    hits >= 5 AND uniform(session_id, 'application') < 0.06 AS applied,
    channel.channel_grouping,
    channel.source,
    channel.medium,
    channel.campaign
FROM each
INNER JOIN channel ON channel.slot = (salted(each.session_id, 'channel') % 20)::BIGINT;
