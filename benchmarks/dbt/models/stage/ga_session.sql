-- Google Analytics as delivered, parsed once for sessions and hits; the latest of each session.
WITH delivered AS (
    SELECT *, row_number() OVER () AS arrival
    FROM read_ndjson(
        '{{ var("landing") }}/ga/*.json', filename = true, maximum_object_size = 67108864,
        columns = {
            'visitNumber': 'BIGINT', 'visitId': 'BIGINT', 'visitStartTime': 'BIGINT',
            'date': 'VARCHAR', 'fullVisitorId': 'VARCHAR', 'channelGrouping': 'VARCHAR',
            'totals': 'STRUCT(visits BIGINT, hits BIGINT, pageviews BIGINT, timeOnSite BIGINT,
                bounces BIGINT, newVisits BIGINT, transactions BIGINT, transactionRevenue BIGINT)',
            'trafficSource': 'STRUCT(source VARCHAR, medium VARCHAR, campaign VARCHAR)',
            'device': 'STRUCT(deviceCategory VARCHAR, browser VARCHAR, operatingSystem VARCHAR)',
            'geoNetwork': 'STRUCT(country VARCHAR, region VARCHAR, city VARCHAR)',
            'hits': 'STRUCT(hitNumber BIGINT, type VARCHAR, "time" BIGINT,
                isEntrance BOOLEAN, isExit BOOLEAN,
                page STRUCT(hostname VARCHAR, pagePath VARCHAR, pageTitle VARCHAR),
                eventInfo STRUCT(eventCategory VARCHAR, eventAction VARCHAR, eventLabel VARCHAR),
                eCommerceAction STRUCT(action_type VARCHAR),
                "transaction" STRUCT(transactionId VARCHAR))[]'
        }
    )
),

files AS (
    SELECT
        filename,
        strptime(regexp_extract(filename, '_(\d{8})\.json', 1), '%Y%m%d')::DATE AS business_date,
        format('ga_session-{:06d}', row_number() OVER (ORDER BY filename)) AS delivery_id,
        min(arrival) AS first_arrival
    FROM delivered
    GROUP BY filename
)

SELECT
    business_date,
    nullif(trim(fullVisitorId), '') AS full_visitor_id,
    visitId AS visit_id,
    visitStartTime AS visit_start_time,
    visitNumber AS visit_number,
    strptime(date, '%Y%m%d')::DATE AS session_date,
    channelGrouping AS channel_grouping,
    trafficSource AS traffic_source,
    device,
    geoNetwork AS geo_network,
    totals,
    hits,
    delivery_id,
    arrival - first_arrival + 1 AS line_no
FROM delivered
INNER JOIN files USING (filename)
QUALIFY
    row_number() OVER (
        PARTITION BY business_date, fullVisitorId, visitId, visitStartTime ORDER BY arrival DESC
    ) = 1
