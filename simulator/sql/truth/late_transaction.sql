-- One row per transaction that was recorded after its date.
SELECT trans_id, account_id, date::DATE AS business_date, recorded_at
FROM ledger
WHERE recorded_at > date::DATE
ORDER BY trans_id
