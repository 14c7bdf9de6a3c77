-- One row per client who left: from this day nothing moves on their accounts.
SELECT client_id, churn_date
FROM client
WHERE churn_date IS NOT NULL
ORDER BY client_id
