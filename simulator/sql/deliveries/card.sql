SELECT
    getvariable('to_day_no')::INTEGER AS day_no,
    row_number() OVER (ORDER BY card_no) AS row_no,
    (card_no << 12) | getvariable('to_day_no') AS row_id,
    concat_ws(',', card_id, disp_id, type, iso(issued_at)) AS line,
    concat_ws(',', luhn('999998' || substr(card_id, 7, 9)), 900000000 + disp_id, type, iso(issued_at))
        AS orphan
FROM card
WHERE issued_at < day_of(getvariable('to_day_no') + 1)::TIMESTAMP
    AND (getvariable('from_day_no') = 0 OR issued_at >= day_of(getvariable('from_day_no'))::TIMESTAMP)
