-- One row per client who pays for a home every month.
SELECT client_id, account_id, kind, money(cents) AS monthly_amount, day_of_month
FROM standing_order
WHERE kind IN ('rent', 'mortgage')
ORDER BY client_id
