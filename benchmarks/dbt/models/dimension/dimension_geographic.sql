-- Where each client is: its branch, and the places that its web visits came from.
{%- set as_of = "DATE '" ~ var("business_date") ~ "'" %}
{%- set places = {
    'country': ('countries', 'country'),
    'region': ('regions', 'country, region'),
    'city': ('cities', 'country, region, city'),
} %}
WITH clients AS (
    SELECT client_id FROM {{ ref('stage_customer') }}
    WHERE business_date = (
        SELECT max(business_date) FROM {{ ref('stage_customer') }}
        WHERE business_date <= {{ as_of }}
    )
),

own_accounts AS (
    SELECT client_id, account_id, branch_id, creation_date
    FROM (
        SELECT account_id, branch_id, creation_date FROM {{ ref('stage_account') }}
        WHERE
            business_date = (
                SELECT max(business_date) FROM {{ ref('stage_account') }}
                WHERE business_date <= {{ as_of }}
            )
            -- A snapshot may hold accounts that were opened after the date that it is read for.
            AND creation_date < {{ as_of }} + 1
    )
    INNER JOIN (
        SELECT account_id, client_id FROM {{ ref('stage_disposition') }}
        WHERE
            type = 'owner'
            AND business_date = (
                SELECT max(business_date) FROM {{ ref('stage_disposition') }}
                WHERE business_date <= {{ as_of }}
            )
    ) USING (account_id)
),

branches AS (
    SELECT
        client_id,
        arg_min(branch_id, (creation_date, account_id)) AS home_branch,
        count(DISTINCT branch_id) AS branches
    FROM own_accounts
    GROUP BY client_id
),

links AS (
    SELECT full_visitor_id, client_id FROM {{ ref('stage_web_visitor_map') }}
    WHERE
        business_date = (
            SELECT max(business_date) FROM {{ ref('stage_web_visitor_map') }}
            WHERE business_date <= {{ as_of }}
        )
        AND client_id IN (SELECT client_id FROM clients)
),

sessions AS (
    -- The latest delivery of each.
    SELECT full_visitor_id, visit_start_time, country, region, city
    FROM {{ ref('stage_web_session') }}
    WHERE business_date <= {{ as_of }} AND session_date <= {{ as_of }}
    QUALIFY
        row_number() OVER (
            PARTITION BY full_visitor_id, visit_id, visit_start_time ORDER BY business_date DESC
        ) = 1
),

cities AS (
    -- Each place with those that it is in, since names are not unique.
    SELECT
        client_id,
        country,
        region,
        city,
        count(*) AS sessions,
        max(visit_start_time) AS last_start
    FROM sessions
    INNER JOIN links USING (full_visitor_id)
    GROUP BY ALL
),

regions AS (
    SELECT client_id, country, region, sum(sessions) AS sessions, max(last_start) AS last_start
    FROM cities
    GROUP BY ALL
),

countries AS (
    SELECT client_id, country, sum(sessions) AS sessions, max(last_start) AS last_start
    FROM regions
    GROUP BY ALL
),

visits AS (
    SELECT
        client_id,
        sum(sessions) AS sessions,
        coalesce(sum(sessions) FILTER (country IS NOT NULL), 0) AS countries,
        coalesce(sum(sessions) FILTER (region IS NOT NULL), 0) AS regions,
        coalesce(sum(sessions) FILTER (city IS NOT NULL), 0) AS cities
    FROM cities
    GROUP BY client_id
),

-- Most sessions, then the most recent, then the alphabet.
{%- for place, (known, names) in places.items() %}
top_{{ place }} AS (
    SELECT client_id, {{ place }}, sessions AS {{ place }}_sessions
    FROM {{ known }}
    WHERE {{ place }} IS NOT NULL
    QUALIFY
        row_number() OVER (
            PARTITION BY client_id
            ORDER BY sessions DESC, last_start DESC, {{ names }}
        ) = 1
),
{% endfor %}
zero_or_null AS (
    -- What a client without any shows: 0 where the feeds have delivered, else NULL: nobody knows.
    SELECT
        disposition + account AS branches,
        web_visitor_map + web_session AS sessions
    FROM (
        SELECT
            {%- for feed in ('disposition', 'account', 'web_visitor_map', 'web_session') %}
            (
                SELECT 0 FROM {{ ref('stage_' ~ feed) }}
                WHERE business_date <= {{ as_of }} LIMIT 1
            ) AS {{ feed }},
            {%- endfor %}
    )
)

SELECT
    {{ as_of }} AS business_date,
    client_id,
    home_branch AS geo_home_branch_id,
    coalesce(branches.branches, zero_or_null.branches) AS geo_branches,
    coalesce(visits.sessions, zero_or_null.sessions) AS geo_web_sessions,
    {%- for place, (known, names) in places.items() %}
    {{ place }} AS geo_web_{{ place }},
    coalesce({{ place }}_sessions, zero_or_null.sessions) AS geo_web_{{ place }}_sessions,
    coalesce({{ known }}, zero_or_null.sessions) AS geo_web_{{ place }}_known_sessions,
    -- Whole numbers: half a unit of the fourth digit rounds up, exactly.
    ((20000 * {{ place }}_sessions + {{ known }}) // (2 * {{ known }}))::DECIMAL(18, 0)
    * 0.0001::DECIMAL(5, 4) AS geo_web_{{ place }}_share,
    {%- endfor %}
FROM clients
CROSS JOIN zero_or_null
LEFT JOIN branches USING (client_id)
LEFT JOIN visits USING (client_id)
LEFT JOIN top_country USING (client_id)
LEFT JOIN top_region USING (client_id)
LEFT JOIN top_city USING (client_id)
