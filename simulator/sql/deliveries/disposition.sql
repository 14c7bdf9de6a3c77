SELECT
    getvariable('to_day_no')::INTEGER AS day_no,
    disp_id AS row_no,
    (disp_id << 12) | getvariable('to_day_no') AS row_id,
    concat_ws(',', account_id, disp_id, client_id, type) AS line,
    -- Neither the account nor the client is known.
    CASE WHEN disp_id % 2 = 0
        THEN concat_ws(',', account_id, 900000000 + disp_id, 900000000 + client_id, type)
        ELSE concat_ws(',', 900000000 + account_id, 900000000 + disp_id, client_id, type)
    END AS orphan
FROM disposition
WHERE opened_at < day_of(getvariable('to_day_no') + 1)::TIMESTAMP
