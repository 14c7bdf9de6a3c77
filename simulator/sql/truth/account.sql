-- One row per account: what it held before the first day, and whether it sleeps.
SELECT account_id, client_id AS owner_client_id, opened_at, money(opening_cents) AS opening_balance,
    is_dormant, day_of(end_day_no) AS inactive_from
FROM account
ORDER BY account_id
