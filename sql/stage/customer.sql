-- CRM clients, one row per client and delivered snapshot.
WITH delivered AS (
    SELECT
        business_date,
        client_id,
        birth_date,
        age,
        nullif(trim(home_ownership), '') AS home_ownership,
        nullif(trim(occupation), '') AS occupation,
        nullif(trim(marital_status), '') AS marital_status,
        nullif(trim(head_of_household_flag), '') AS head_of_household_flag,
        client_created_date,
        delivery_id,
        delivery_seq,
        line_no
    FROM raw.crm_customer
    WHERE business_date BETWEEN CAST(? AS date) AND CAST(? AS date)
)

SELECT
    business_date,
    client_id,
    birth_date,
    age,
    home_ownership,
    occupation,
    marital_status,
    head_of_household_flag,
    client_created_date,
    delivery_id,
    line_no,
    -- The last line of the last delivery is what the source system stands by.
    row_number() OVER (
        PARTITION BY business_date, client_id
        ORDER BY delivery_seq DESC, line_no DESC
    ) AS delivery_rank
FROM delivered
