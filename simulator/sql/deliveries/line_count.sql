-- Lines of each file, and of an earlier version of it.
SELECT
    day_no,
    count(*) + coalesce(any_value(planted.more), 0)::BIGINT AS lines,
    count(*) FILTER (row_no % 10 <> 0) - coalesce(any_value(planted.kept), 0)::BIGINT AS earlier_lines
FROM record
LEFT JOIN (
    SELECT
        day_no,
        count(*) FILTER (kind IN ('blank_line', 'repeated_id', 'orphan')) AS more,
        count(*) FILTER (row_no % 10 <> 0) AS kept
    FROM planted_row
    GROUP BY day_no
) AS planted USING (day_no)
GROUP BY day_no
