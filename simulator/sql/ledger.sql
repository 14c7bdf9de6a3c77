-- One row per transaction in order of time, with the account's balance after it.
SELECT
    getvariable('rows_before') + row_number() OVER (ORDER BY booked_at, account_id, event_id) AS trans_id,
    account_id::INTEGER AS account_id,
    booked_at AS date,
    CASE WHEN signed_cents > 0 THEN 'credit' ELSE 'debit' END AS type,
    operation,
    money(cents) AS amount,
    money(current_balance.cents_before + sum(signed_cents) OVER (
        PARTITION BY account_id ORDER BY booked_at, event_id ROWS UNBOUNDED PRECEDING
    )) AS balance,
    CASE
        WHEN uniform(event_id, 'late') >= getvariable('late_share') THEN booked_at::DATE
        ELSE least(getvariable('last_day'), booked_at::DATE + 1 + (salted(event_id, 'late by') % 5)::INTEGER)
    END AS recorded_at
FROM entry
INNER JOIN (SELECT account_id, cents AS cents_before FROM current_balance) AS current_balance USING (account_id)
ORDER BY trans_id
