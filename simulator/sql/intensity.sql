-- Spending acts per unit of activity and weight, so that the asked number of transactions comes out.
-- Whole numbers up to the last step: a sum of fractions would depend on the order of the threads.
CREATE TABLE intensity AS
WITH units AS (
    SELECT sum(account.activity::HUGEINT * (till.weight - since.weight)) AS units
    FROM account
    INNER JOIN weight_before AS since ON since.day_no = least(account.first_day_no, account.end_day_no)
    INNER JOIN weight_before AS till ON till.day_no = account.end_day_no
),

regular AS (
    SELECT count(*) AS payments FROM payments(getvariable('first_day'), getvariable('last_day') + 1)
)

SELECT
    greatest(0, getvariable('transactions') - payments)::DOUBLE / greatest(1, units::DOUBLE) AS rate,
    payments
FROM units CROSS JOIN regular;

-- What each account spends from: constant over the run, so it is worked out once.
CREATE TABLE spender AS
SELECT
    account.account_id,
    account.first_day_no,
    account.end_day_no,
    account.activity,
    account.account_id IN (
        SELECT disposition.account_id FROM disposition INNER JOIN card USING (disp_id)
    ) AS has_card,
    -- Cents per act: about a quarter of the means a month over the acts of a month.
    least(60000, greatest(300, account.means_cents * 0.26
        / greatest(0.5, intensity.rate * account.activity * 100 * 30.4)))::DOUBLE AS act_cents
FROM account CROSS JOIN intensity
WHERE account.activity > 0;

CREATE TABLE current_balance AS SELECT account_id, opening_cents AS cents FROM account;
