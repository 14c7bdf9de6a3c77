-- Account transactions, one row per transaction and business date.
WITH files AS (
    SELECT
        file AS filename,
        format('transaction-{:06d}', row_number() OVER (ORDER BY file)) AS delivery_id
    FROM glob('{{ var("landing") }}/transactions/*.parquet')
)

SELECT
    date::DATE AS business_date,
    trans_id,
    '' AS trans_scope,
    account_id::BIGINT AS account_id,
    date::DATE AS date,
    nullif(trim(type), '') AS type,
    nullif(trim(operation), '') AS operation,
    amount::DECIMAL(18, 2) AS amount,
    balance::DECIMAL(18, 2) AS balance,
    delivery_id,
    file_row_number + 1 AS line_no
FROM read_parquet(
    '{{ var("landing") }}/transactions/*.parquet', filename = true, file_row_number = true
)
INNER JOIN files USING (filename)
QUALIFY
    row_number() OVER (
        PARTITION BY trans_id, date::DATE ORDER BY delivery_id DESC, file_row_number DESC
    ) = 1
