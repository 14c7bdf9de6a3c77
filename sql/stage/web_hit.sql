-- Web hits, one row per hit of a session and business date.
WITH sessions AS (
    SELECT
        business_date,
        -- Text: ids have leading zeros and exceed 2^63.
        nullif(trim(full_visitor_id), '') AS full_visitor_id,
        visit_id,
        visit_start_time,
        -- A JSON string holds the list as text.
        CASE
            WHEN regexp_like(hits, '^[ \t\r\n]*"')
                THEN coalesce(json_extract_scalar(hits, '$'), hits)
            ELSE hits
        END AS hits,
        delivery_id,
        delivery_seq,
        line_no
    FROM raw.ga_session
    WHERE business_date BETWEEN CAST(? AS date) AND CAST(? AS date)
),

parsed_sessions AS (
    -- In brackets an object is a list of one; two objects in one text are no JSON.
    SELECT
        business_date,
        full_visitor_id,
        visit_id,
        visit_start_time,
        CASE
            WHEN NOT regexp_like(hits, '^[ \t\r\n]*(null|\{[ \t\r\n]*\})?[ \t\r\n]*\z') THEN hits
        END AS given,
        CASE
            WHEN regexp_like(hits, '^[ \t\r\n]*\[') THEN try(CAST(json_parse(hits) AS array(json)))
        END AS listed,
        CASE
            WHEN regexp_like(hits, '^[ \t\r\n]*\{')
                THEN try(CAST(json_parse(concat('[', hits, ']')) AS array(json)))
        END AS bracketed,
        delivery_id,
        delivery_seq,
        line_no
    FROM sessions
),

read_sessions AS (
    -- The shapes that exports deliver: a list, {"list": [{"element": hit}]} (BigQuery as Avro or
    -- Parquet), {"array": [hit]}, and one hit by itself.
    SELECT
        business_date,
        full_visitor_id,
        visit_id,
        visit_start_time,
        given,
        listed IS NULL AS is_wrapped,
        CASE
            WHEN listed IS NOT NULL THEN listed
            WHEN cardinality(bracketed) = 1
                THEN coalesce(
                    TRY_CAST(json_extract(element_at(bracketed, 1), '$.list') AS array(json)),
                    TRY_CAST(json_extract(element_at(bracketed, 1), '$.array') AS array(json)),
                    CASE
                        WHEN
                            json_extract(element_at(bracketed, 1), '$.list') IS NULL
                            AND json_extract(element_at(bracketed, 1), '$.array') IS NULL
                            THEN bracketed
                    END
                )
        END AS hits,
        delivery_id,
        delivery_seq,
        line_no
    FROM parsed_sessions
),

ranked_sessions AS (
    -- The session is ranked, not the hit: when a session comes again with fewer hits, the hits
    -- that it no longer has must go with the delivery that had them.
    SELECT
        business_date,
        full_visitor_id,
        visit_id,
        visit_start_time,
        is_wrapped,
        CASE WHEN given IS NOT NULL AND hits IS NULL THEN 'hits:shape' END AS form_rule,
        -- What was given and cannot be read is one row: it goes to quarantine.
        CASE
            WHEN given IS NULL THEN NULL
            WHEN hits IS NULL THEN try(CAST(json_parse('[null]') AS array(json)))
            ELSE hits
        END AS hits,
        delivery_id,
        line_no,
        row_number() OVER (
            PARTITION BY business_date, full_visitor_id, visit_id, visit_start_time
            ORDER BY delivery_seq DESC, line_no DESC
        ) AS delivery_rank
    FROM read_sessions
),

unnested_hits AS (
    -- A session without hits gives no row here; it is still one in web_session.
    SELECT
        ranked_sessions.business_date,
        ranked_sessions.full_visitor_id,
        ranked_sessions.visit_id,
        ranked_sessions.visit_start_time,
        ranked_sessions.form_rule,
        -- The place in the delivered list: always there and unique, Analytics' number is not.
        CASE WHEN ranked_sessions.form_rule IS NULL THEN CAST(unnested.hit_number AS bigint) END
            AS hit_number,
        CASE
            WHEN ranked_sessions.is_wrapped
                THEN coalesce(json_extract(unnested.hit, '$.element'), unnested.hit)
            ELSE unnested.hit
        END AS hit,
        ranked_sessions.delivery_id,
        ranked_sessions.line_no,
        ranked_sessions.delivery_rank
    FROM ranked_sessions
    CROSS JOIN UNNEST(ranked_sessions.hits) WITH ORDINALITY AS unnested (hit, hit_number)
),

session_hits AS (
    -- A hit is some kilobytes of JSON: what is wanted of it is taken out here, once, as text.
    SELECT
        business_date,
        full_visitor_id,
        visit_id,
        visit_start_time,
        form_rule,
        hit_number,
        nullif(trim(json_extract_scalar(hit, '$.hitNumber')), '') AS ga_hit_number,
        json_extract_scalar(hit, '$.type') AS type,
        nullif(trim(json_extract_scalar(hit, '$.time')), '') AS hit_time,
        json_extract_scalar(hit, '$.page.hostname') AS host,
        json_extract_scalar(hit, '$.page.pagePath') AS page_path,
        json_extract_scalar(hit, '$.page.pageTitle') AS page_title,
        json_extract_scalar(hit, '$.eventInfo.eventCategory') AS event_category,
        json_extract_scalar(hit, '$.eventInfo.eventAction') AS event_action,
        json_extract_scalar(hit, '$.eventInfo.eventLabel') AS event_label,
        json_extract_scalar(hit, '$.eCommerceAction.action_type') AS action_type,
        json_extract_scalar(hit, '$.isEntrance') AS is_entrance,
        json_extract_scalar(hit, '$.isExit') AS is_exit,
        json_extract_scalar(hit, '$.transaction.transactionId') AS transaction_id,
        delivery_id,
        line_no,
        delivery_rank
    FROM unnested_hits
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
    delivery_rank,
    -- A number that is given and is none would read as one that was not given.
    CASE
        WHEN form_rule IS NOT NULL THEN form_rule
        WHEN ga_hit_number IS NOT NULL AND TRY_CAST(ga_hit_number AS bigint) IS NULL
            THEN 'hits.hitNumber:type'
        WHEN hit_time IS NOT NULL AND TRY_CAST(hit_time AS bigint) IS NULL THEN 'hits.time:type'
    END AS form_rule
FROM session_hits
