-- Web hits, one row per hit of a session and business date.
WITH placed AS (
    SELECT
        business_date,
        full_visitor_id,
        visit_id,
        visit_start_time,
        unnest(hits) AS hit,
        generate_subscripts(hits, 1) AS hit_number,
        delivery_id,
        line_no
    FROM {{ ref('ga_session') }}
)

SELECT
    business_date,
    full_visitor_id,
    visit_id,
    visit_start_time,
    hit_number,
    hit.hitNumber AS ga_hit_number,
    nullif(trim(hit.type), '') AS type,
    hit."time" AS hit_time_ms,
    nullif(trim(hit.page.hostname), '') AS host,
    nullif(trim(hit.page.pagePath), '') AS page_path,
    nullif(trim(hit.page.pageTitle), '') AS page_title,
    nullif(trim(hit.eventInfo.eventCategory), '') AS event_category,
    nullif(trim(hit.eventInfo.eventAction), '') AS event_action,
    nullif(trim(hit.eventInfo.eventLabel), '') AS event_label,
    nullif(trim(hit.eCommerceAction.action_type), '') AS action_type,
    coalesce(hit.isEntrance, false) AS is_entrance,
    coalesce(hit.isExit, false) AS is_exit,
    nullif(trim(hit."transaction".transactionId), '') AS transaction_id,
    delivery_id,
    line_no
FROM placed
