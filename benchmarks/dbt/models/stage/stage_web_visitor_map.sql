-- Which CRM client a web visitor may be, one row per pair; the file says no date of its own.
WITH delivered AS (
    SELECT *, row_number() OVER () AS line_no
    FROM read_csv(
        '{{ var("landing") }}/visitors/ga_visitors.csv', header = false,
        columns = {'full_visitor_id': 'VARCHAR', 'client_id': 'BIGINT'}
    )
)

SELECT
    DATE '{{ var("business_date") }}' AS business_date,
    trim(full_visitor_id) AS full_visitor_id,
    client_id,
    'web_visitor_map-000001' AS delivery_id,
    line_no
FROM delivered
QUALIFY row_number() OVER (PARTITION BY full_visitor_id, client_id ORDER BY line_no DESC) = 1
