-- One row per account: what it holds after the last day.
SELECT account_id, money(cents) AS closing_balance FROM current_balance ORDER BY account_id
