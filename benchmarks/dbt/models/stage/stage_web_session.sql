-- Web sessions, one row per session and business date.
{%- set traits = {
    'channel': 'channel_grouping',
    'source': 'traffic_source.source',
    'medium': 'traffic_source.medium',
    'campaign': 'traffic_source.campaign',
    'device_category': 'device.deviceCategory',
    'browser': 'device.browser',
    'operating_system': 'device.operatingSystem',
    'country': 'geo_network.country',
    'region': 'geo_network.region',
    'city': 'geo_network.city',
} %}
SELECT
    business_date,
    full_visitor_id,
    visit_id,
    visit_start_time,
    make_timestamp(visit_start_time * 1000000) AS visit_started_at,
    session_date,
    visit_number,
    -- Analytics writes an unknown value as one of three placeholders.
    {%- for name, field in traits.items() %}
    CASE
        WHEN trim({{ field }}) NOT IN ('', '(not set)', 'not available in demo dataset')
            THEN trim({{ field }})
    END AS {{ name }},
    {%- endfor %}
    totals.visits AS visits,
    totals.hits AS hits,
    totals.pageviews AS page_views,
    totals.timeOnSite AS time_on_site_seconds,
    totals.bounces AS bounces,
    totals.newVisits AS new_visits,
    totals.transactions AS transactions,
    (totals.transactionRevenue::DECIMAL(18, 0) * 0.000001::DECIMAL(7, 6))::DECIMAL(18, 2)
        AS transaction_revenue,
    delivery_id,
    line_no
FROM {{ ref('ga_session') }}
