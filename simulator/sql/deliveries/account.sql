SELECT
    getvariable('to_day_no')::INTEGER AS day_no,
    account_id AS row_no,
    (account_id << 12) | getvariable('to_day_no') AS row_id,
    concat_ws(',', account_id, branch_id, frequency, iso(opened_at)) AS line,
    NULL::VARCHAR AS orphan
FROM account
WHERE opened_at < day_of(getvariable('to_day_no') + 1)::TIMESTAMP
