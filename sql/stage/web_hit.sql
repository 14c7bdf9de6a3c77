-- Web hits, one row per hit of a session and business date.
WITH sessions AS (
    SELECT
        business_date,
        -- Text: ids have leading zeros and exceed 2^63.
        nullif(trim(full_visitor_id), '') AS full_visitor_id,
        visit_id,
        visit_start_time,
        hits,
        delivery_id,
        delivery_seq,
        line_no
    FROM raw.ga_session
    WHERE business_date BETWEEN CAST(? AS date) AND CAST(? AS date)
),

ranked_sessions AS (
    -- The session is ranked, not the hit: when a session comes again with fewer hits, the hits
    -- that it no longer has must go with the delivery that had them.
    SELECT
        business_date,
        full_visitor_id,
        visit_id,
        visit_start_time,
        TRY_CAST(json_parse(hits) AS array(json)) AS hits,
        delivery_id,
        line_no,
        row_number() OVER (
            PARTITION BY business_date, full_visitor_id, visit_id, visit_start_time
            ORDER BY delivery_seq DESC, line_no DESC
        ) AS delivery_rank
    FROM sessions
),

session_hits AS (
    -- A session without hits gives no row here; it is still one in web_session.
    -- A hit is some kilobytes of JSON: its parts are taken out once and then read.
    SELECT
        ranked_sessions.business_date,
        ranked_sessions.full_visitor_id,
        ranked_sessions.visit_id,
        ranked_sessions.visit_start_time,
        -- The place in the delivered list: always there and unique, Analytics' number is not.
        CAST(unnested.hit_number AS bigint) AS hit_number,
        json_extract(unnested.hit, '$.hitNumber') AS ga_hit_number,
        json_extract(unnested.hit, '$.type') AS type,
        json_extract(unnested.hit, '$.time') AS hit_time,
        json_extract(unnested.hit, '$.isEntrance') AS is_entrance,
        json_extract(unnested.hit, '$.isExit') AS is_exit,
        json_extract(unnested.hit, '$.page') AS page,
        json_extract(unnested.hit, '$.eventInfo') AS event,
        json_extract(unnested.hit, '$.eCommerceAction') AS commerce,
        json_extract(unnested.hit, '$.transaction') AS purchase,
        ranked_sessions.delivery_id,
        ranked_sessions.line_no,
        ranked_sessions.delivery_rank
    FROM ranked_sessions
    CROSS JOIN UNNEST(ranked_sessions.hits) WITH ORDINALITY AS unnested (hit, hit_number)
)

SELECT
    business_date,
    full_visitor_id,
    visit_id,
    visit_start_time,
    hit_number,
    TRY_CAST(json_extract_scalar(ga_hit_number, '$') AS bigint) AS ga_hit_number,
    nullif(trim(json_extract_scalar(type, '$')), '') AS type,
    TRY_CAST(json_extract_scalar(hit_time, '$') AS bigint) AS hit_time_ms,
    nullif(trim(json_extract_scalar(page, '$.hostname')), '') AS host,
    nullif(trim(json_extract_scalar(page, '$.pagePath')), '') AS page_path,
    nullif(trim(json_extract_scalar(page, '$.pageTitle')), '') AS page_title,
    nullif(trim(json_extract_scalar(event, '$.eventCategory')), '') AS event_category,
    nullif(trim(json_extract_scalar(event, '$.eventAction')), '') AS event_action,
    nullif(trim(json_extract_scalar(event, '$.eventLabel')), '') AS event_label,
    nullif(trim(json_extract_scalar(commerce, '$.action_type')), '') AS action_type,
    -- Analytics writes true or nothing.
    coalesce(json_extract_scalar(is_entrance, '$') = 'true', FALSE) AS is_entrance,
    coalesce(json_extract_scalar(is_exit, '$') = 'true', FALSE) AS is_exit,
    nullif(trim(json_extract_scalar(purchase, '$.transactionId')), '') AS transaction_id,
    delivery_id,
    line_no,
    delivery_rank
FROM session_hits
