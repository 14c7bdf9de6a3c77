-- Each account's balance after the span, from which the next one goes on.
CREATE OR REPLACE TABLE current_balance AS
SELECT current_balance.account_id, current_balance.cents + coalesce(moved.cents, 0)::BIGINT AS cents
FROM current_balance
LEFT JOIN (
    SELECT account_id, sum(signed_cents) AS cents FROM entry GROUP BY account_id
) AS moved USING (account_id);
