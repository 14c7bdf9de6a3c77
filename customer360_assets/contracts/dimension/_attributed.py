"""Control totals by another way than the dimensions': sets of accounts, no owners or windows."""

AS_OF = """
WITH as_of AS (
    SELECT CAST(? AS date) AS business_date
),

customers AS (
    SELECT client_id FROM stage.customer
    WHERE business_date = (
        SELECT max(business_date) FROM stage.customer
        WHERE business_date <= (SELECT as_of.business_date FROM as_of)
    )
)
"""

CLIENTS = f"{AS_OF} SELECT count(*) FROM customers"

# An account counts when CRM knows any owner of it. A transaction that is delivered again comes
# under a number that was reached on an earlier date: only those numbers are looked up.
BOOKED = f"""{AS_OF},

accounts AS (
    SELECT DISTINCT account_id FROM stage.disposition
    WHERE
        business_date = (
            SELECT max(business_date) FROM stage.disposition
            WHERE business_date <= (SELECT as_of.business_date FROM as_of)
        )
        AND type = 'owner'
        AND client_id IN (SELECT customers.client_id FROM customers)
),

highest_ids AS (
    SELECT business_date, max(trans_id) AS trans_id
    FROM stage.transaction
    WHERE business_date <= (SELECT as_of.business_date FROM as_of)
    GROUP BY business_date
),

highest_earlier_ids AS (
    SELECT later.business_date, max(earlier.trans_id) AS trans_id
    FROM highest_ids AS later
    INNER JOIN highest_ids AS earlier ON later.business_date > earlier.business_date
    GROUP BY later.business_date
),

redelivered AS (
    SELECT booked.trans_id, booked.trans_scope, max(booked.business_date) AS business_date
    FROM stage.transaction AS booked
    INNER JOIN highest_earlier_ids ON booked.business_date = highest_earlier_ids.business_date
    WHERE booked.trans_id <= highest_earlier_ids.trans_id
    GROUP BY booked.trans_id, booked.trans_scope
),

booked AS (
    SELECT
        delivered.account_id, delivered.trans_id, delivered."date",
        delivered.type, delivered.amount, delivered.balance
    FROM stage.transaction AS delivered
    CROSS JOIN as_of
    LEFT JOIN redelivered
        ON
            delivered.trans_id = redelivered.trans_id
            AND delivered.trans_scope = redelivered.trans_scope
    WHERE
        delivered.business_date <= as_of.business_date
        AND delivered."date" <= as_of.business_date
        AND coalesce(redelivered.business_date, delivered.business_date) = delivered.business_date
        AND delivered.account_id IN (SELECT accounts.account_id FROM accounts)
)
"""

LAST_BALANCES = f"""{BOOKED},

last_days AS (
    SELECT account_id, max("date") AS last_day FROM booked
    WHERE balance IS NOT NULL
    GROUP BY account_id
),

last_numbers AS (
    SELECT last_days.account_id, last_days.last_day, max(booked.trans_id) AS trans_id
    FROM booked
    INNER JOIN last_days
        ON booked.account_id = last_days.account_id AND booked."date" = last_days.last_day
    WHERE booked.balance IS NOT NULL
    GROUP BY last_days.account_id, last_days.last_day
),

last_balances AS (
    SELECT booked.balance
    FROM booked
    INNER JOIN last_numbers
        ON
            booked.account_id = last_numbers.account_id
            AND booked."date" = last_numbers.last_day
            AND booked.trans_id = last_numbers.trans_id
)
"""

RECENT = """
FROM booked CROSS JOIN as_of
WHERE booked."date" > date_add('day', -90, as_of.business_date)
"""
