SELECT
    getvariable('to_day_no')::INTEGER AS day_no,
    row_number() OVER (ORDER BY client_id, full_visitor_id) AS row_no,
    (row_no << 12) | getvariable('to_day_no') AS row_id,
    concat_ws(',', full_visitor_id, client_id) AS line,
    concat_ws(',', full_visitor_id, 900000000 + client_id) AS orphan
FROM visitor_map
