-- Cards issued, one row per card and business date; the token is HMAC-SHA-256 of the number.
WITH delivered AS (
    SELECT *, row_number() OVER () AS arrival
    FROM read_csv(
        '{{ var("landing") }}/card/*.csv', header = false, filename = true, columns = {
            'card_id': 'VARCHAR', 'disp_id': 'BIGINT', 'type': 'VARCHAR',
            'issued_datetime': 'TIMESTAMP'
        }
    )
),

files AS (
    SELECT
        filename,
        strptime(regexp_extract(filename, '00(\d{8})-', 1), '%Y%m%d')::DATE AS business_date,
        format('card-{:06d}', row_number() OVER (ORDER BY filename)) AS delivery_id,
        min(arrival) AS first_arrival
    FROM delivered
    GROUP BY filename
)

SELECT
    business_date,
    sha256(
        unhex('{{ var("outer_pad") }}')
        || unhex(sha256(unhex('{{ var("inner_pad") }}') || encode(trim(card_id))))
    ) AS card_token,
    CASE WHEN regexp_full_match(trim(card_id), '[0-9]{12,19}') THEN trim(card_id)[-4:] END
        AS card_last_four,
    disp_id,
    nullif(trim(type), '') AS type,
    issued_datetime,
    delivery_id,
    arrival - first_arrival + 1 AS line_no
FROM delivered
INNER JOIN files USING (filename)
QUALIFY row_number() OVER (PARTITION BY business_date, trim(card_id) ORDER BY arrival DESC) = 1
