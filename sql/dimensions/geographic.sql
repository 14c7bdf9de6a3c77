-- Where each CRM client is: its branch, and the places that its web visits came from.
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
            SELECT max(account.business_date) FROM stage.account AS account
            WHERE account.business_date <= (SELECT as_of.business_date FROM as_of)
        ) AS account_date,
        (
            SELECT max(disposition.business_date) FROM stage.disposition AS disposition
            WHERE disposition.business_date <= (SELECT as_of.business_date FROM as_of)
        ) AS disposition_date,
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
        CASE
            WHEN disposition_date IS NOT NULL AND account_date IS NOT NULL THEN CAST(0 AS bigint)
        END AS branches,
        CASE
            WHEN visitor_map_date IS NOT NULL AND web_session_date IS NOT NULL
                THEN CAST(0 AS bigint)
        END AS sessions
    FROM newest
),

clients AS (
    SELECT customer.client_id
    FROM stage.customer AS customer
    INNER JOIN newest ON customer.business_date = newest.customer_date
),

own_accounts AS (
    -- The primary account of a client is the oldest that it owns, the lowest number at a tie.
    SELECT
        disposition.client_id,
        account.branch_id,
        row_number() OVER (
            PARTITION BY disposition.client_id
            ORDER BY account.creation_date, account.account_id, disposition.disp_id
        ) AS place
    FROM stage.disposition AS disposition
    INNER JOIN stage.account AS account ON disposition.account_id = account.account_id
    CROSS JOIN as_of
    WHERE
        disposition.type = 'owner'
        -- Chosen before the join: it would bring every snapshot of one together with all others.
        AND disposition.business_date = (SELECT newest.disposition_date FROM newest)
        AND account.business_date = (SELECT newest.account_date FROM newest)
        -- A snapshot may hold accounts that were opened after the date that it is read for.
        AND CAST(account.creation_date AS date) <= as_of.business_date
),

branches_of_client AS (
    SELECT
        client_id,
        count(DISTINCT branch_id) AS branches,
        max(CASE WHEN place = 1 THEN branch_id END) AS home_branch
    FROM own_accounts
    GROUP BY client_id
),

links AS (
    SELECT
        visitor_map.full_visitor_id,
        visitor_map.client_id
    FROM stage.web_visitor_map AS visitor_map
    INNER JOIN newest ON visitor_map.business_date = newest.visitor_map_date
    INNER JOIN clients ON visitor_map.client_id = clients.client_id
),

session_deliveries AS (
    -- A session has one row per business date, so the date alone orders its deliveries.
    SELECT
        full_visitor_id,
        visit_start_time,
        visit_id,
        country,
        region,
        city,
        row_number() OVER (
            PARTITION BY full_visitor_id, visit_id, visit_start_time
            ORDER BY business_date DESC
        ) AS recency
    FROM stage.web_session
    WHERE
        business_date <= (SELECT as_of.business_date FROM as_of)
        AND session_date <= (SELECT as_of.business_date FROM as_of)
        AND full_visitor_id IN (SELECT links.full_visitor_id FROM links)
),

client_sessions AS (
    -- A session belongs to every client that its visitor maps to, and counts once for each.
    SELECT
        links.client_id,
        sessions.visit_id,
        sessions.visit_start_time,
        sessions.country,
        sessions.region,
        sessions.city
    FROM session_deliveries AS sessions
    INNER JOIN links ON sessions.full_visitor_id = links.full_visitor_id
    WHERE sessions.recency = 1
),

sessions_of_client AS (
    SELECT
        client_id,
        count(visit_id) AS sessions,
        count(country) AS countries,
        count(region) AS regions,
        count(city) AS cities
    FROM client_sessions
    GROUP BY client_id
),

place_counts AS (
    -- A region is one of its country and a city one of its region: names are not unique. Sessions
    -- without a city are a group of their region too, never larger than the region's own.
    SELECT
        client_id, country, region, city,
        CASE
            WHEN city IS NOT NULL THEN 'city'
            WHEN region IS NOT NULL THEN 'region'
            WHEN country IS NOT NULL THEN 'country'
        END AS kind,
        count(visit_id) AS sessions,
        max(visit_start_time) AS last_start
    FROM client_sessions
    GROUP BY
        GROUPING SETS (
            (client_id, country),
            (client_id, country, region),
            (client_id, country, region, city)
        )
),

ranked_places AS (
    -- Most sessions, then the most recent, then the alphabet.
    SELECT
        client_id, kind, country, region, city, sessions,
        row_number() OVER (
            PARTITION BY client_id, kind
            ORDER BY sessions DESC, last_start DESC, country, region, city
        ) AS place
    FROM place_counts
    WHERE kind IS NOT NULL
),

places_of_client AS (
    SELECT
        client_id,
        max(CASE WHEN kind = 'country' THEN country END) AS country,
        max(CASE WHEN kind = 'country' THEN sessions END) AS country_sessions,
        max(CASE WHEN kind = 'region' THEN region END) AS region,
        max(CASE WHEN kind = 'region' THEN sessions END) AS region_sessions,
        max(CASE WHEN kind = 'city' THEN city END) AS city,
        max(CASE WHEN kind = 'city' THEN sessions END) AS city_sessions
    FROM ranked_places
    WHERE place = 1
    GROUP BY client_id
)

SELECT
    zero_or_null.business_date,
    clients.client_id,
    branches.home_branch AS geo_home_branch_id,
    coalesce(branches.branches, zero_or_null.branches) AS geo_branches,
    coalesce(sessions.sessions, zero_or_null.sessions) AS geo_web_sessions,
    places.country AS geo_web_country,
    coalesce(places.country_sessions, zero_or_null.sessions) AS geo_web_country_sessions,
    coalesce(sessions.countries, zero_or_null.sessions) AS geo_web_country_known_sessions,
    CAST(
        CAST(places.country_sessions AS double) / nullif(CAST(sessions.countries AS double), 0e0)
        AS decimal(18, 4)
    ) AS geo_web_country_share,
    places.region AS geo_web_region,
    coalesce(places.region_sessions, zero_or_null.sessions) AS geo_web_region_sessions,
    coalesce(sessions.regions, zero_or_null.sessions) AS geo_web_region_known_sessions,
    CAST(
        CAST(places.region_sessions AS double) / nullif(CAST(sessions.regions AS double), 0e0)
        AS decimal(18, 4)
    ) AS geo_web_region_share,
    places.city AS geo_web_city,
    coalesce(places.city_sessions, zero_or_null.sessions) AS geo_web_city_sessions,
    coalesce(sessions.cities, zero_or_null.sessions) AS geo_web_city_known_sessions,
    CAST(
        CAST(places.city_sessions AS double) / nullif(CAST(sessions.cities AS double), 0e0)
        AS decimal(18, 4)
    ) AS geo_web_city_share
FROM clients
CROSS JOIN zero_or_null
LEFT JOIN branches_of_client AS branches ON clients.client_id = branches.client_id
LEFT JOIN sessions_of_client AS sessions ON clients.client_id = sessions.client_id
LEFT JOIN places_of_client AS places ON clients.client_id = places.client_id
