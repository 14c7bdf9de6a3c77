-- Cards issued, one row per card and business date. The token stands for the clear card number,
-- which stays in raw.
WITH delivered AS (
    SELECT
        business_date,
        card_token,
        nullif(trim(card_last_four), '') AS card_last_four,
        disp_id,
        nullif(trim(type), '') AS type,
        issued_datetime,
        delivery_id,
        delivery_seq,
        line_no
    FROM raw.card
    WHERE business_date BETWEEN CAST(? AS date) AND CAST(? AS date)
)

SELECT
    business_date,
    card_token,
    card_last_four,
    disp_id,
    type,
    issued_datetime,
    delivery_id,
    line_no,
    -- The last line of the last delivery is what the source system stands by.
    row_number() OVER (
        PARTITION BY business_date, card_token
        ORDER BY delivery_seq DESC, line_no DESC
    ) AS delivery_rank
FROM delivered
