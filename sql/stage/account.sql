-- Accounts, one row per account and delivered snapshot.
WITH delivered AS (
    SELECT
        business_date,
        account_id,
        branch_id,
        nullif(trim(frequency), '') AS frequency,
        creation_date,
        delivery_id,
        delivery_seq,
        line_no
    FROM raw.account
    WHERE business_date BETWEEN CAST(? AS date) AND CAST(? AS date)
)

SELECT
    business_date,
    account_id,
    branch_id,
    frequency,
    creation_date,
    delivery_id,
    line_no,
    -- The last line of the last delivery is what the source system stands by.
    row_number() OVER (
        PARTITION BY business_date, account_id
        ORDER BY delivery_seq DESC, line_no DESC
    ) AS delivery_rank
FROM delivered
