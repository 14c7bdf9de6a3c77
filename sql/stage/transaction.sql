-- Account transactions, one row per transaction and business date.
WITH delivered AS (
    SELECT
        business_date,
        trans_id,
        trans_scope,
        account_id,
        CAST("date" AS date) AS "date",
        nullif(trim(type), '') AS type,
        nullif(trim(operation), '') AS operation,
        amount,
        balance,
        delivery_id,
        delivery_seq,
        line_no
    FROM raw.transaction
    WHERE business_date BETWEEN CAST(? AS date) AND CAST(? AS date)
)

SELECT
    business_date,
    trans_id,
    trans_scope,
    account_id,
    "date",
    type,
    operation,
    amount,
    balance,
    delivery_id,
    line_no,
    -- The last line of the last delivery is what the source system stands by.
    row_number() OVER (
        PARTITION BY business_date, trans_id, trans_scope
        ORDER BY delivery_seq DESC, line_no DESC
    ) AS delivery_rank
FROM delivered
