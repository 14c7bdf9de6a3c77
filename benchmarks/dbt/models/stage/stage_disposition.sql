-- Dispositions, one row per disposition and delivered snapshot.
WITH delivered AS (
    SELECT *, row_number() OVER () AS arrival
    FROM read_csv(
        '{{ var("landing") }}/gbank/*.csv', header = false, filename = true, columns = {
            'account_id': 'BIGINT', 'disp_id': 'BIGINT', 'client_id': 'BIGINT', 'type': 'VARCHAR'
        }
    )
),

files AS (
    SELECT
        filename,
        strptime(regexp_extract(filename, '00(\d{8})-', 1), '%Y%m%d')::DATE AS business_date,
        format('disposition-{:06d}', row_number() OVER (ORDER BY filename)) AS delivery_id,
        min(arrival) AS first_arrival
    FROM delivered
    GROUP BY filename
)

SELECT
    business_date,
    disp_id,
    account_id,
    client_id,
    nullif(trim(type), '') AS type,
    delivery_id,
    arrival - first_arrival + 1 AS line_no
FROM delivered
INNER JOIN files USING (filename)
QUALIFY row_number() OVER (PARTITION BY business_date, disp_id ORDER BY arrival DESC) = 1
