-- One row per client who is paid every month; amounts are what an employer or pension fund owes.
SELECT
    client_id,
    account_id,
    kind,
    money(cents) AS monthly_amount,
    day_of_month,
    day_of(first_day_no) AS first_day,
    day_of(end_day_no) - 1 AS last_day,
    (
        SELECT count(*) FROM payments(getvariable('first_day'), getvariable('last_day') + 1) AS payment
        WHERE payment.order_id = standing_order.order_id
    ) AS payments
FROM standing_order
WHERE kind IN ('salary', 'pension')
ORDER BY client_id
