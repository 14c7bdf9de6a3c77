-- The lines of one file in their order.
SELECT line
FROM (
    SELECT row_no, 0 AS nth, line
    FROM record
    ANTI JOIN planted_row USING (day_no, row_no)
    WHERE day_no = getvariable('day_no')
    UNION ALL
    SELECT row_no, unnest([0, 1]) AS nth, unnest(spoilt(record.line, planted_row.kind, record.orphan))
    FROM record
    INNER JOIN planted_row USING (day_no, row_no)
    WHERE day_no = getvariable('day_no')
)
WHERE line IS NOT NULL
ORDER BY row_no, nth
