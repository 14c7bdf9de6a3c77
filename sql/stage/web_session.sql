-- Web sessions, one row per session and business date. A session's totals live here alone: on the
-- hits they would be counted once per hit.
WITH delivered AS (
    SELECT
        business_date,
        -- Text: ids have leading zeros and exceed 2^63.
        nullif(trim(full_visitor_id), '') AS full_visitor_id,
        visit_id,
        visit_start_time,
        visit_number,
        session_date,
        channel_grouping,
        json_extract_scalar(traffic_source, '$.source') AS source,
        json_extract_scalar(traffic_source, '$.medium') AS medium,
        json_extract_scalar(traffic_source, '$.campaign') AS campaign,
        json_extract_scalar(device, '$.deviceCategory') AS device_category,
        json_extract_scalar(device, '$.browser') AS browser,
        json_extract_scalar(device, '$.operatingSystem') AS operating_system,
        json_extract_scalar(geo_network, '$.country') AS country,
        json_extract_scalar(geo_network, '$.region') AS region,
        json_extract_scalar(geo_network, '$.city') AS city,
        nullif(trim(json_extract_scalar(totals, '$.visits')), '') AS visits,
        nullif(trim(json_extract_scalar(totals, '$.hits')), '') AS hits,
        nullif(trim(json_extract_scalar(totals, '$.pageviews')), '') AS page_views,
        nullif(trim(json_extract_scalar(totals, '$.timeOnSite')), '') AS time_on_site,
        nullif(trim(json_extract_scalar(totals, '$.bounces')), '') AS bounces,
        nullif(trim(json_extract_scalar(totals, '$.newVisits')), '') AS new_visits,
        nullif(trim(json_extract_scalar(totals, '$.transactions')), '') AS transactions,
        nullif(trim(json_extract_scalar(totals, '$.transactionRevenue')), '') AS revenue,
        -- Text that is one JSON object is, in brackets, a list of one.
        nullif(nullif(trim(totals), ''), 'null') AS totals,
        CASE
            WHEN regexp_like(totals, '^[ \t\r\n]*\{')
                THEN cardinality(
                    try(CAST(json_parse(concat('[', totals, ']')) AS array(json)))
                )
        END AS totals_objects,
        nullif(nullif(trim(traffic_source), ''), 'null') AS traffic_source,
        CASE
            WHEN regexp_like(traffic_source, '^[ \t\r\n]*\{')
                THEN cardinality(
                    try(CAST(json_parse(concat('[', traffic_source, ']')) AS array(json)))
                )
        END AS traffic_source_objects,
        nullif(nullif(trim(device), ''), 'null') AS device,
        CASE
            WHEN regexp_like(device, '^[ \t\r\n]*\{')
                THEN cardinality(
                    try(CAST(json_parse(concat('[', device, ']')) AS array(json)))
                )
        END AS device_objects,
        nullif(nullif(trim(geo_network), ''), 'null') AS geo_network,
        CASE
            WHEN regexp_like(geo_network, '^[ \t\r\n]*\{')
                THEN cardinality(
                    try(CAST(json_parse(concat('[', geo_network, ']')) AS array(json)))
                )
        END AS geo_network_objects,
        delivery_id,
        delivery_seq,
        line_no
    FROM raw.ga_session
    WHERE business_date BETWEEN CAST(? AS date) AND CAST(? AS date)
),

conformed AS (
    -- Google Analytics writes an unknown value as one of three placeholders. '(none)', the medium
    -- of a direct visit, is not one of them.
    SELECT
        business_date,
        full_visitor_id,
        visit_id,
        visit_start_time,
        -- A start outside of these years is no start: the contract refuses it by its range.
        CASE
            WHEN visit_start_time BETWEEN 946684800 AND 4102444800
                THEN date_add('second', visit_start_time, TIMESTAMP '1970-01-01 00:00:00')
        END AS visit_started_at,
        visit_number,
        session_date,
        CASE
            WHEN trim(channel_grouping) NOT IN ('', '(not set)', 'not available in demo dataset')
                THEN trim(channel_grouping)
        END AS channel,
        CASE
            WHEN trim(source) NOT IN ('', '(not set)', 'not available in demo dataset')
                THEN trim(source)
        END AS source,
        CASE
            WHEN trim(medium) NOT IN ('', '(not set)', 'not available in demo dataset')
                THEN trim(medium)
        END AS medium,
        CASE
            WHEN trim(campaign) NOT IN ('', '(not set)', 'not available in demo dataset')
                THEN trim(campaign)
        END AS campaign,
        CASE
            WHEN trim(device_category) NOT IN ('', '(not set)', 'not available in demo dataset')
                THEN trim(device_category)
        END AS device_category,
        CASE
            WHEN trim(browser) NOT IN ('', '(not set)', 'not available in demo dataset')
                THEN trim(browser)
        END AS browser,
        CASE
            WHEN trim(operating_system) NOT IN ('', '(not set)', 'not available in demo dataset')
                THEN trim(operating_system)
        END AS operating_system,
        CASE
            WHEN trim(country) NOT IN ('', '(not set)', 'not available in demo dataset')
                THEN trim(country)
        END AS country,
        CASE
            WHEN trim(region) NOT IN ('', '(not set)', 'not available in demo dataset')
                THEN trim(region)
        END AS region,
        CASE
            WHEN trim(city) NOT IN ('', '(not set)', 'not available in demo dataset')
                THEN trim(city)
        END AS city,
        TRY_CAST(visits AS bigint) AS visits,
        TRY_CAST(hits AS bigint) AS hits,
        TRY_CAST(page_views AS bigint) AS page_views,
        TRY_CAST(time_on_site AS bigint) AS time_on_site_seconds,
        TRY_CAST(bounces AS bigint) AS bounces,
        TRY_CAST(new_visits AS bigint) AS new_visits,
        TRY_CAST(transactions AS bigint) AS transactions,
        -- Delivered in millionths. Multiplied, because decimals divide differently per engine.
        TRY_CAST(revenue AS decimal(18, 0)) * CAST('0.000001' AS decimal(7, 6))
            AS transaction_revenue,
        -- What is given and cannot be read would read as what was not given. Totals are numbers
        -- beside each other: nothing is nested in them.
        CASE
            WHEN totals IS NOT NULL AND coalesce(totals_objects, 0) <> 1 THEN 'totals:shape'
            WHEN regexp_like(substr(totals, 2), '[{\[]') THEN 'totals:shape'
            WHEN traffic_source IS NOT NULL AND coalesce(traffic_source_objects, 0) <> 1
                THEN 'traffic_source:shape'
            WHEN device IS NOT NULL AND coalesce(device_objects, 0) <> 1
                THEN 'device:shape'
            WHEN geo_network IS NOT NULL AND coalesce(geo_network_objects, 0) <> 1
                THEN 'geo_network:shape'
            WHEN visits IS NOT NULL AND TRY_CAST(visits AS bigint) IS NULL
                THEN 'totals.visits:type'
            WHEN hits IS NOT NULL AND TRY_CAST(hits AS bigint) IS NULL
                THEN 'totals.hits:type'
            WHEN page_views IS NOT NULL AND TRY_CAST(page_views AS bigint) IS NULL
                THEN 'totals.pageviews:type'
            WHEN time_on_site IS NOT NULL AND TRY_CAST(time_on_site AS bigint) IS NULL
                THEN 'totals.timeOnSite:type'
            WHEN bounces IS NOT NULL AND TRY_CAST(bounces AS bigint) IS NULL
                THEN 'totals.bounces:type'
            WHEN new_visits IS NOT NULL AND TRY_CAST(new_visits AS bigint) IS NULL
                THEN 'totals.newVisits:type'
            WHEN transactions IS NOT NULL AND TRY_CAST(transactions AS bigint) IS NULL
                THEN 'totals.transactions:type'
            WHEN revenue IS NOT NULL AND TRY_CAST(revenue AS decimal(18, 0)) IS NULL
                THEN 'totals.transactionRevenue:type'
        END AS form_rule,
        delivery_id,
        delivery_seq,
        line_no
    FROM delivered
)

SELECT
    business_date,
    full_visitor_id,
    visit_id,
    visit_start_time,
    visit_started_at,
    session_date,
    visit_number,
    channel,
    source,
    medium,
    campaign,
    device_category,
    browser,
    operating_system,
    country,
    region,
    city,
    visits,
    hits,
    page_views,
    time_on_site_seconds,
    bounces,
    new_visits,
    transactions,
    CAST(transaction_revenue AS decimal(18, 2)) AS transaction_revenue,
    delivery_id,
    line_no,
    -- The last line of the last delivery is what the source system stands by.
    row_number() OVER (
        PARTITION BY business_date, full_visitor_id, visit_id, visit_start_time
        ORDER BY delivery_seq DESC, line_no DESC
    ) AS delivery_rank,
    form_rule
FROM conformed
