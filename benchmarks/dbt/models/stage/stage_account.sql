-- Accounts, one row per account and delivered snapshot.
WITH delivered AS (
    SELECT *, row_number() OVER () AS arrival
    FROM read_csv(
        '{{ var("landing") }}/account/*.csv', header = false, filename = true, columns = {
            'account_id': 'BIGINT', 'branch_id': 'BIGINT', 'frequency': 'VARCHAR',
            'creation_date': 'TIMESTAMP'
        }
    )
),

files AS (
    SELECT
        filename,
        strptime(regexp_extract(filename, '00(\d{8})-', 1), '%Y%m%d')::DATE AS business_date,
        format('account-{:06d}', row_number() OVER (ORDER BY filename)) AS delivery_id,
        min(arrival) AS first_arrival
    FROM delivered
    GROUP BY filename
)

SELECT
    business_date,
    account_id,
    branch_id,
    nullif(trim(frequency), '') AS frequency,
    creation_date,
    delivery_id,
    arrival - first_arrival + 1 AS line_no
FROM delivered
INNER JOIN files USING (filename)
QUALIFY row_number() OVER (PARTITION BY business_date, account_id ORDER BY arrival DESC) = 1
