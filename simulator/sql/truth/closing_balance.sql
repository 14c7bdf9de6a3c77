-- One row per account: what it holds after the last day.
SELECT account_id, money(cents) AS closing_balance FROM standing ORDER BY account_id
