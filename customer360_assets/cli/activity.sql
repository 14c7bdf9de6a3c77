-- One client's months: movements in and out, and the balance after the last of each account.
WITH own_accounts AS (
    SELECT DISTINCT account_id
    FROM stage.disposition
    WHERE client_id = CAST(? AS bigint)
),

movements AS (
    SELECT
        transactions.account_id,
        transactions.type,
        transactions.amount,
        transactions.balance,
        date_trunc('month', transactions.business_date) AS month,
        row_number() OVER (
            PARTITION BY
                transactions.account_id, date_trunc('month', transactions.business_date)
            ORDER BY transactions.business_date DESC, transactions.trans_id DESC
        ) AS from_last
    FROM stage.transaction AS transactions
    INNER JOIN own_accounts ON transactions.account_id = own_accounts.account_id
    WHERE transactions.business_date <= CAST(? AS date)
)

SELECT
    month,
    account_id,
    count(*) AS movements,
    sum(CASE WHEN type = 'credit' THEN amount ELSE CAST(0 AS decimal(18, 2)) END) AS paid_in,
    sum(CASE WHEN type = 'debit' THEN amount ELSE CAST(0 AS decimal(18, 2)) END) AS paid_out,
    max(CASE WHEN from_last = 1 THEN balance END) AS closing_balance
FROM movements
GROUP BY month, account_id
ORDER BY month, account_id
