-- How each CRM client uses the bank's web sites, over every visit up to the business date.
-- The visitor map is many to many: counts are each client's own sessions, the _weighted figures
-- share a visitor among its clients and so add up to what was visited.
WITH as_of AS (
    SELECT CAST(? AS date) AS business_date
),

newest AS (
    -- The newest delivery of each feed; NULL where it has not delivered by then.
    SELECT
        as_of.business_date,
        (
            SELECT max(customer.business_date) FROM stage.customer AS customer
            WHERE customer.business_date <= (SELECT as_of.business_date FROM as_of)
        ) AS customer_date,
        (
            SELECT max(visitor_map.business_date) FROM stage.web_visitor_map AS visitor_map
            WHERE visitor_map.business_date <= (SELECT as_of.business_date FROM as_of)
        ) AS visitor_map_date,
        (
            SELECT max(web_session.business_date) FROM stage.web_session AS web_session
            WHERE web_session.business_date <= (SELECT as_of.business_date FROM as_of)
        ) AS web_session_date
    FROM as_of
),

zero_or_null AS (
    -- What a client without any shows: 0 where the feeds have delivered, NULL where nobody knows.
    SELECT
        business_date,
        CASE WHEN visitor_map_date IS NOT NULL THEN CAST(0 AS bigint) END AS visitors,
        CASE
            WHEN visitor_map_date IS NOT NULL AND web_session_date IS NOT NULL
                THEN CAST(0 AS bigint)
        END AS visits
    FROM newest
),

clients AS (
    SELECT customer.client_id
    FROM stage.customer AS customer
    INNER JOIN newest ON customer.business_date = newest.customer_date
),

links AS (
    -- A client that CRM does not know takes no share of a visitor.
    SELECT
        visitor_map.full_visitor_id, visitor_map.client_id,
        count(visitor_map.client_id) OVER (PARTITION BY visitor_map.full_visitor_id) AS sharers,
        row_number() OVER (
            PARTITION BY visitor_map.full_visitor_id ORDER BY visitor_map.client_id
        ) AS place
    FROM stage.web_visitor_map AS visitor_map
    INNER JOIN newest ON visitor_map.business_date = newest.visitor_map_date
    INNER JOIN clients ON visitor_map.client_id = clients.client_id
),

shares AS (
    -- 1/n in units of 10^-10, cut off.
    SELECT
        full_visitor_id, client_id,
        sharers, place,
        CAST(floor(CAST(10000000000 AS double) / nullif(CAST(sharers AS double), 0e0)) AS bigint)
            AS units
    FROM links
),

weights AS (
    -- What cutting off left over goes to the lowest client_id: a visitor's weights add up to 1.
    SELECT
        full_visitor_id, client_id,
        sharers,
        CAST(
            CAST(
                CASE WHEN place = 1 THEN 10000000000 - units * (sharers - 1) ELSE units END
                AS decimal(11, 0)
            ) * CAST('0.0000000001' AS decimal(11, 10)) AS decimal(20, 10)
        ) AS weight
    FROM shares
),

links_of_client AS (
    SELECT
        client_id,
        count(full_visitor_id) AS visitors,
        count(CASE WHEN sharers > 1 THEN full_visitor_id END) AS shared_visitors,
        min(weight) AS link_weight
    FROM weights
    GROUP BY client_id
),

session_deliveries AS (
    -- A session has one row per business date, so the date alone orders its deliveries.
    -- Analytics leaves a total of none out: for a session that it counts, missing is 0.
    SELECT
        business_date,
        full_visitor_id, visit_id, visit_start_time,
        session_date,
        device_category, channel, source, medium, campaign,
        hits, time_on_site_seconds,
        coalesce(page_views, CASE WHEN visits = 1 THEN 0 END) AS page_views,
        coalesce(bounces, CASE WHEN visits = 1 THEN 0 END) AS bounces,
        coalesce(new_visits, CASE WHEN visits = 1 THEN 0 END) AS new_visits,
        row_number() OVER (
            PARTITION BY full_visitor_id, visit_id, visit_start_time
            ORDER BY business_date DESC
        ) AS recency
    FROM stage.web_session
    WHERE
        business_date <= (SELECT as_of.business_date FROM as_of)
        AND session_date <= (SELECT as_of.business_date FROM as_of)
        AND full_visitor_id IN (SELECT weights.full_visitor_id FROM weights)
),

client_sessions AS (
    -- One row per client and session: two visitors never share a session.
    SELECT
        weights.client_id, weights.weight,
        sessions.business_date,
        sessions.full_visitor_id, sessions.visit_id, sessions.visit_start_time,
        sessions.session_date,
        sessions.device_category, sessions.channel,
        sessions.source, sessions.medium, sessions.campaign,
        sessions.hits, sessions.page_views, sessions.time_on_site_seconds,
        sessions.bounces, sessions.new_visits
    FROM session_deliveries AS sessions
    INNER JOIN weights ON sessions.full_visitor_id = weights.full_visitor_id
    WHERE sessions.recency = 1
),

visits_of_client AS (
    SELECT
        client_id,
        count(visit_id) AS sessions,
        sum(weight) AS sessions_weighted,
        CAST(sum(hits) AS bigint) AS hits,
        sum(CAST(hits AS decimal(15, 0)) * weight) AS hits_weighted,
        CAST(sum(page_views) AS bigint) AS page_views,
        CAST(sum(time_on_site_seconds) AS bigint) AS time_on_site_seconds,
        CAST(sum(bounces) AS bigint) AS bounces,
        count(bounces) AS bounce_known_sessions,
        CAST(sum(new_visits) AS bigint) AS new_visits,
        max(session_date) AS last_visit_date
    FROM client_sessions
    GROUP BY client_id
),

trait_counts AS (
    -- One pass for three questions: by which device, by which channel, and from where.
    SELECT
        client_id, device_category, channel, source, medium, campaign,
        CASE
            WHEN device_category IS NOT NULL THEN 'device'
            WHEN channel IS NOT NULL THEN 'channel'
            WHEN coalesce(source, medium, campaign) IS NOT NULL THEN 'origin'
        END AS trait,
        count(visit_id) AS sessions,
        max(visit_start_time) AS last_start
    FROM client_sessions
    GROUP BY
        GROUPING SETS (
            (client_id, device_category),
            (client_id, channel),
            (client_id, source, medium, campaign)
        )
),

ranked_traits AS (
    -- Most sessions, then the most recent, then the alphabet.
    SELECT
        client_id, device_category, channel, source, medium, campaign,
        row_number() OVER (
            PARTITION BY client_id, trait
            ORDER BY
                sessions DESC, last_start DESC,
                device_category, channel, source, medium, campaign
        ) AS place
    FROM trait_counts
    WHERE trait IS NOT NULL
),

preferences_of_client AS (
    -- Each trait fills its own columns only, so max picks the one value there is.
    SELECT
        client_id,
        max(device_category) AS device,
        max(channel) AS channel,
        max(source) AS source,
        max(medium) AS medium,
        max(campaign) AS campaign
    FROM ranked_traits
    WHERE place = 1
    GROUP BY client_id
),

client_pages AS (
    -- Only the hits that came with the delivery of the session that counts.
    SELECT
        sessions.client_id,
        web_hit.page_path,
        count(CASE WHEN web_hit.type = 'PAGE' THEN web_hit.page_path END) AS views,
        count(CASE WHEN web_hit.action_type = '6' THEN web_hit.hit_number END)
            AS transaction_events,
        max(sessions.visit_start_time) AS last_start
    FROM stage.web_hit AS web_hit
    INNER JOIN client_sessions AS sessions
        ON
            web_hit.business_date = sessions.business_date
            AND web_hit.full_visitor_id = sessions.full_visitor_id
            AND web_hit.visit_id = sessions.visit_id
            AND web_hit.visit_start_time = sessions.visit_start_time
    WHERE web_hit.type = 'PAGE' OR web_hit.action_type = '6'
    GROUP BY sessions.client_id, web_hit.page_path
),

ranked_pages AS (
    -- Most views, then the most recent session, then the alphabet; a page never viewed is last.
    SELECT
        client_id,
        CASE WHEN views > 0 THEN page_path END AS page_path,
        transaction_events,
        row_number() OVER (
            PARTITION BY client_id
            ORDER BY views DESC, last_start DESC, page_path ASC
        ) AS place
    FROM client_pages
),

pages_of_client AS (
    SELECT
        client_id,
        max(CASE WHEN place = 1 THEN page_path END) AS top_page_1,
        max(CASE WHEN place = 2 THEN page_path END) AS top_page_2,
        max(CASE WHEN place = 3 THEN page_path END) AS top_page_3,
        CAST(sum(transaction_events) AS bigint) AS transaction_events
    FROM ranked_pages
    GROUP BY client_id
)

SELECT
    zero_or_null.business_date,
    clients.client_id,
    CASE
        WHEN links.shared_visitors = 0 THEN 'exact'
        WHEN links.shared_visitors > 0 THEN 'shared'
    END AS web_link_confidence,
    links.link_weight AS web_link_weight,
    coalesce(links.visitors, zero_or_null.visitors) AS web_visitors,
    coalesce(links.shared_visitors, zero_or_null.visitors) AS web_visitors_shared,
    coalesce(visits.sessions, zero_or_null.visits) AS web_sessions,
    CAST(
        CASE WHEN visits.sessions IS NULL THEN zero_or_null.visits ELSE visits.sessions_weighted END
        AS decimal(20, 10)
    ) AS web_sessions_weighted,
    -- A total that no session of the client states is unknown; without a session it is 0.
    CASE WHEN visits.sessions IS NULL THEN zero_or_null.visits ELSE visits.hits END AS web_hits,
    CAST(
        CASE WHEN visits.sessions IS NULL THEN zero_or_null.visits ELSE visits.hits_weighted END
        AS decimal(30, 10)
    ) AS web_hits_weighted,
    CASE WHEN visits.sessions IS NULL THEN zero_or_null.visits ELSE visits.page_views END
        AS web_page_views,
    CASE WHEN visits.sessions IS NULL THEN zero_or_null.visits ELSE visits.time_on_site_seconds END
        AS web_time_on_site_seconds,
    CASE WHEN visits.sessions IS NULL THEN zero_or_null.visits ELSE visits.bounces END
        AS web_bounces,
    coalesce(visits.bounce_known_sessions, zero_or_null.visits) AS web_bounce_known_sessions,
    CAST(visits.bounces AS double) / nullif(CAST(visits.bounce_known_sessions AS double), 0e0)
        AS web_bounce_rate,
    CASE WHEN visits.sessions IS NULL THEN zero_or_null.visits ELSE visits.new_visits END
        AS web_new_visits,
    visits.last_visit_date AS web_last_visit_date,
    date_diff('day', visits.last_visit_date, zero_or_null.business_date)
        AS web_days_since_last_visit,
    preferences.device AS web_preferred_device,
    preferences.channel AS web_preferred_channel,
    preferences.source AS web_preferred_source,
    preferences.medium AS web_preferred_medium,
    preferences.campaign AS web_preferred_campaign,
    pages.top_page_1 AS web_top_page_1,
    pages.top_page_2 AS web_top_page_2,
    pages.top_page_3 AS web_top_page_3,
    coalesce(pages.transaction_events, zero_or_null.visits) AS web_transaction_events
FROM clients
CROSS JOIN zero_or_null
LEFT JOIN links_of_client AS links ON clients.client_id = links.client_id
LEFT JOIN visits_of_client AS visits ON clients.client_id = visits.client_id
LEFT JOIN preferences_of_client AS preferences ON clients.client_id = preferences.client_id
LEFT JOIN pages_of_client AS pages ON clients.client_id = pages.client_id
