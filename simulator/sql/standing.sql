-- Each account's balance after the span, from which the next one goes on.
CREATE OR REPLACE TABLE standing AS
SELECT standing.account_id, standing.cents + coalesce(moved.cents, 0)::BIGINT AS cents
FROM standing
LEFT JOIN (
    SELECT account_id, sum(signed_cents) AS cents FROM entry GROUP BY account_id
) AS moved USING (account_id);
