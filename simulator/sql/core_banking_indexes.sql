ALTER TABLE transactions ADD PRIMARY KEY (trans_id);
CREATE INDEX transactions_date ON transactions (date);
CREATE INDEX transactions_recorded_at ON transactions (recorded_at);
SELECT setval('transactions_trans_id_seq', max(trans_id)) FROM transactions \g /dev/null
ANALYZE transactions;
