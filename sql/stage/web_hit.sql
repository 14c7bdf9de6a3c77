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
    -- A hit is some kilobytes of JSON: what is wanted of it is taken out here, once, as text.
    SELECT
        ranked_sessions.business_date,
        ranked_sessions.full_visitor_id,
        ranked_sessions.visit_id,
        ranked_sessions.visit_start_time,
        -- The place in the delivered list: always there and unique, Analytics' number is not.
        CAST(unnested.hit_number AS bigint) AS hit_number,
        json_extract_scalar(unnested.hit, '$.hitNumber') AS ga_hit_number,
        json_extract_scalar(unnested.hit, '$.type') AS type,
        json_extract_scalar(unnested.hit, '$.time') AS hit_time,
        json_extract_scalar(unnested.hit, '$.page.hostname') AS host,
        json_extract_scalar(unnested.hit, '$.page.pagePath') AS page_path,
        json_extract_scalar(unnested.hit, '$.page.pageTitle') AS page_title,
        json_extract_scalar(unnested.hit, '$.eventInfo.eventCategory') AS event_category,
        json_extract_scalar(unnested.hit, '$.eventInfo.eventAction') AS event_action,
        json_extract_scalar(unnested.hit, '$.eventInfo.eventLabel') AS event_label,
        json_extract_scalar(unnested.hit, '$.eCommerceAction.action_type') AS action_type,
        json_extract_scalar(unnested.hit, '$.isEntrance') AS is_entrance,
        json_extract_scalar(unnested.hit, '$.isExit') AS is_exit,
        json_extract_scalar(unnested.hit, '$.transaction.transactionId') AS transaction_id,
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
    TRY_CAST(ga_hit_number AS bigint) AS ga_hit_number,
    nullif(trim(type), '') AS type,
    TRY_CAST(hit_time AS bigint) AS hit_time_ms,
    nullif(trim(host), '') AS host,
    nullif(trim(page_path), '') AS page_path,
    nullif(trim(page_title), '') AS page_title,
    nullif(trim(event_category), '') AS event_category,
    nullif(trim(event_action), '') AS event_action,
    nullif(trim(event_label), '') AS event_label,
    nullif(trim(action_type), '') AS action_type,
    -- Analytics writes true or nothing.
    coalesce(is_entrance = 'true', FALSE) AS is_entrance,
    coalesce(is_exit = 'true', FALSE) AS is_exit,
    nullif(trim(transaction_id), '') AS transaction_id,
    delivery_id,
    line_no,
    delivery_rank
FROM session_hits
