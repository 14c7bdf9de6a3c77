-- Dispositions (a client's right over an account), one row per disposition and delivered snapshot.
WITH delivered AS (
    SELECT
        business_date,
        disp_id,
        account_id,
        client_id,
        nullif(trim(type), '') AS type,
        delivery_id,
        delivery_seq,
        line_no
    FROM raw.disposition
    WHERE business_date BETWEEN CAST(? AS date) AND CAST(? AS date)
)

SELECT
    business_date,
    disp_id,
    account_id,
    client_id,
    type,
    delivery_id,
    line_no,
    -- The last line of the last delivery is what the source system stands by.
    row_number() OVER (
        PARTITION BY business_date, disp_id
        ORDER BY delivery_seq DESC, line_no DESC
    ) AS delivery_rank
FROM delivered
