-- One row per customer as CRM keeps it, numbered from 0 in order of id: a page is a range of numbers.
SELECT
    row_number() OVER (ORDER BY client_id) - 1 AS row_no,
    client_id,
    birth_date,
    home_ownership,
    occupation,
    marital_status,
    head_of_household_flag,
    client_created_date
FROM client
ORDER BY client_id
