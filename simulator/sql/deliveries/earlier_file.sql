-- The earlier version of a corrected file: sound lines only, and not all of them.
SELECT line
FROM record
ANTI JOIN planted_row USING (day_no, row_no)
WHERE day_no = getvariable('day_no') AND row_no % 10 <> 0
ORDER BY row_no
