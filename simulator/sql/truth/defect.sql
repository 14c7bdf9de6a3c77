-- One row per defect planted, with what should become of it. A file is named as it lands, an earlier
-- version of a corrected one by its place under redeliveries; line_no is NULL for a whole file.
SELECT feed, file, line_no, kind, expected, caught_by, rule
FROM defect
INNER JOIN fate USING (feed, kind)
ORDER BY file, line_no NULLS FIRST, kind
