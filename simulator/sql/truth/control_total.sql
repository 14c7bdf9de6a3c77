-- One row per date, day of recording, type and operation: what core banking must add up to.
SELECT
    date::DATE AS business_date,
    recorded_at,
    type,
    operation,
    count(*) AS transactions,
    sum(amount)::DECIMAL(38, 2) AS amount
FROM ledger
GROUP BY ALL
ORDER BY ALL
