-- Which CRM client a web visitor may be, one row per pair and delivered snapshot. Many to many.
WITH delivered AS (
    SELECT
        business_date,
        -- Text: ids have leading zeros and exceed 2^63.
        nullif(trim(full_visitor_id), '') AS full_visitor_id,
        client_id,
        delivery_id,
        delivery_seq,
        line_no
    FROM raw.web_visitor_map
    WHERE business_date BETWEEN CAST(? AS date) AND CAST(? AS date)
)

SELECT
    business_date,
    full_visitor_id,
    client_id,
    delivery_id,
    line_no,
    -- The last line of the last delivery is what the source system stands by.
    row_number() OVER (
        PARTITION BY business_date, full_visitor_id, client_id
        ORDER BY delivery_seq DESC, line_no DESC
    ) AS delivery_rank
FROM delivered
