-- One row per account with two holders.
SELECT
    account_id,
    min(client_id) FILTER (WHERE place = 0) AS first_client_id,
    min(client_id) FILTER (WHERE place = 1) AS second_client_id,
    min(type) FILTER (WHERE place = 1) AS second_type
FROM disposition
GROUP BY account_id
HAVING count(*) > 1
ORDER BY account_id
