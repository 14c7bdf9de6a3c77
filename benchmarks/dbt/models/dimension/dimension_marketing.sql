-- How each CRM client uses the bank's web sites, over every visit up to the business date.
{%- set as_of = "DATE '" ~ var("business_date") ~ "'" %}
WITH clients AS (
    SELECT client_id FROM {{ ref('stage_customer') }}
    WHERE business_date = (
        SELECT max(business_date) FROM {{ ref('stage_customer') }}
        WHERE business_date <= {{ as_of }}
    )
),

weights AS (
    -- 1/n in units of 10^-10; what cutting off left over goes to the lowest client.
    SELECT
        full_visitor_id,
        client_id,
        count(*) OVER (PARTITION BY full_visitor_id) AS sharers,
        row_number() OVER (PARTITION BY full_visitor_id ORDER BY client_id) AS place,
        10000000000 // sharers AS share,
        CASE WHEN place = 1 THEN 10000000000 - share * (sharers - 1) ELSE share END AS units
    FROM {{ ref('stage_web_visitor_map') }}
    INNER JOIN clients USING (client_id)
    WHERE business_date = (
        SELECT max(business_date) FROM {{ ref('stage_web_visitor_map') }}
        WHERE business_date <= {{ as_of }}
    )
),

links AS (
    SELECT
        client_id,
        count(*) AS visitors,
        count(*) FILTER (sharers > 1) AS shared_visitors,
        min(units) AS least_units
    FROM weights
    GROUP BY client_id
),

sessions AS (
    SELECT
        client_id,
        units,
        s.*,
        coalesce(page_views, CASE WHEN visits = 1 THEN 0 END) AS views,
        coalesce(bounces, CASE WHEN visits = 1 THEN 0 END) AS bounced,
        coalesce(new_visits, CASE WHEN visits = 1 THEN 0 END) AS is_new
    FROM {{ ref('stage_web_session') }} AS s
    INNER JOIN weights USING (full_visitor_id)
    WHERE business_date <= {{ as_of }} AND session_date <= {{ as_of }}
    QUALIFY
        row_number() OVER (
            PARTITION BY client_id, full_visitor_id, visit_id, visit_start_time
            ORDER BY business_date DESC
        ) = 1
),

visits AS (
    SELECT
        client_id,
        count(*) AS sessions,
        sum(units) AS session_units,
        sum(hits) AS hits,
        sum(hits * units) AS hit_units,
        sum(views) AS page_views,
        sum(time_on_site_seconds) AS seconds,
        sum(bounced) AS bounces,
        count(bounced) AS bounce_known,
        sum(is_new) AS new_visits,
        max(session_date) AS last_visit
    FROM sessions
    GROUP BY client_id
),

preferred AS (
    -- Most sessions, then the most recent, then the alphabet.
    SELECT
        client_id,
        any_value(device_category) AS device,
        any_value(channel) AS channel,
        any_value(origin.source) AS source,
        any_value(origin.medium) AS medium,
        any_value(origin.campaign) AS campaign
    FROM (
        SELECT
            client_id,
            device_category,
            channel,
            CASE
                WHEN coalesce(source, medium, campaign) IS NOT NULL
                    THEN {'source': source, 'medium': medium, 'campaign': campaign}
            END AS origin,
            grouping(device_category) * 2 + grouping(channel) AS trait
        FROM sessions
        GROUP BY GROUPING SETS (
            (client_id, device_category), (client_id, channel),
            (client_id, source, medium, campaign)
        )
        HAVING coalesce(device_category, channel, source, medium, campaign) IS NOT NULL
        QUALIFY
            row_number() OVER (
                PARTITION BY client_id, trait
                ORDER BY
                    count(*) DESC, max(visit_start_time) DESC,
                    device_category, channel, source, medium, campaign
            ) = 1
    )
    GROUP BY client_id
),

pages AS (
    SELECT
        client_id,
        any_value(page) FILTER (place = 1) AS page_1,
        any_value(page) FILTER (place = 2) AS page_2,
        any_value(page) FILTER (place = 3) AS page_3,
        sum(purchases) AS purchases
    FROM (
        SELECT
            client_id,
            purchases,
            CASE WHEN seen > 0 THEN page_path END AS page,
            row_number() OVER (
                PARTITION BY client_id ORDER BY seen DESC, last_start DESC, page_path
            ) AS place
        FROM (
            SELECT
                s.client_id,
                h.page_path,
                count(h.page_path) FILTER (h.type = 'PAGE') AS seen,
                count(*) FILTER (h.action_type = '6') AS purchases,
                max(s.visit_start_time) AS last_start
            FROM {{ ref('stage_web_hit') }} AS h
            INNER JOIN sessions AS s
                USING (business_date, full_visitor_id, visit_id, visit_start_time)
            WHERE h.type = 'PAGE' OR h.action_type = '6'
            GROUP BY s.client_id, h.page_path
        )
    )
    GROUP BY client_id
)

SELECT
    {{ as_of }} AS business_date,
    client_id,
    CASE WHEN shared_visitors = 0 THEN 'exact' WHEN shared_visitors > 0 THEN 'shared' END
        AS web_link_confidence,
    least_units::DECIMAL(20, 0) * 0.0000000001::DECIMAL(11, 10) AS web_link_weight,
    coalesce(visitors, 0) AS web_visitors,
    coalesce(shared_visitors, 0) AS web_visitors_shared,
    coalesce(sessions, 0) AS web_sessions,
    coalesce(session_units, 0)::DECIMAL(20, 0) * 0.0000000001::DECIMAL(11, 10)
        AS web_sessions_weighted,
    -- A total that no session of the client states is unknown; without a session it is 0.
    CASE WHEN sessions IS NULL THEN 0 ELSE hits END AS web_hits,
    CASE WHEN sessions IS NULL THEN 0 ELSE hit_units END::DECIMAL(20, 0)
    * 0.0000000001::DECIMAL(11, 10) AS web_hits_weighted,
    CASE WHEN sessions IS NULL THEN 0 ELSE page_views END AS web_page_views,
    CASE WHEN sessions IS NULL THEN 0 ELSE seconds END AS web_time_on_site_seconds,
    CASE WHEN sessions IS NULL THEN 0 ELSE bounces END AS web_bounces,
    coalesce(bounce_known, 0) AS web_bounce_known_sessions,
    bounces::DOUBLE / nullif(bounce_known, 0) AS web_bounce_rate,
    CASE WHEN sessions IS NULL THEN 0 ELSE new_visits END AS web_new_visits,
    last_visit AS web_last_visit_date,
    {{ as_of }} - last_visit AS web_days_since_last_visit,
    device AS web_preferred_device,
    channel AS web_preferred_channel,
    source AS web_preferred_source,
    medium AS web_preferred_medium,
    campaign AS web_preferred_campaign,
    page_1 AS web_top_page_1,
    page_2 AS web_top_page_2,
    page_3 AS web_top_page_3,
    CASE WHEN sessions IS NULL THEN 0 ELSE coalesce(purchases, 0) END AS web_transaction_events
FROM clients
LEFT JOIN links USING (client_id)
LEFT JOIN visits USING (client_id)
LEFT JOIN preferred USING (client_id)
LEFT JOIN pages USING (client_id)
