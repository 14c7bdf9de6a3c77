-- CRM clients, one row per client and delivered snapshot; a line is a Python dict literal.
WITH delivered AS (
    SELECT
        filename,
        row_number() OVER () AS arrival,
        from_json(
            replace(replace(line, '''', '"'), ': None', ': null'),
            '{"client_id": "BIGINT", "birth_date": "DATE", "age": "BIGINT",
              "home_ownership": "VARCHAR", "occupation": "VARCHAR", "marital_status": "VARCHAR",
              "head_of_household_flag": "VARCHAR", "client_created_date": "TIMESTAMP"}'
        ) AS client
    FROM read_csv(
        '{{ var("landing") }}/crm/*.json', header = false, filename = true,
        delim = '\x01', quote = '', escape = '', columns = {'line': 'VARCHAR'}
    )
),

files AS (
    SELECT
        filename,
        strptime(regexp_extract(filename, '00(\d{8})-', 1), '%Y%m%d')::DATE AS business_date,
        format('crm_customer-{:06d}', row_number() OVER (ORDER BY filename)) AS delivery_id,
        min(arrival) AS first_arrival
    FROM delivered
    GROUP BY filename
)

SELECT
    business_date,
    client.client_id,
    client.birth_date,
    client.age,
    nullif(trim(client.home_ownership), '') AS home_ownership,
    nullif(trim(client.occupation), '') AS occupation,
    nullif(trim(client.marital_status), '') AS marital_status,
    nullif(trim(client.head_of_household_flag), '') AS head_of_household_flag,
    client.client_created_date,
    delivery_id,
    arrival - first_arrival + 1 AS line_no
FROM delivered
INNER JOIN files USING (filename)
QUALIFY row_number() OVER (PARTITION BY business_date, client.client_id ORDER BY arrival DESC) = 1
