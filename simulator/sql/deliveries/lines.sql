-- What is wrong with the rows of each file, at the line where it stands: `record` holds the sound rows
-- of one or more files, numbered from 1 in each.
CREATE OR REPLACE TEMP TABLE planted_row AS
SELECT
    day_no,
    row_no,
    kind,
    row_no + sum(more) OVER (PARTITION BY day_no ORDER BY row_no) AS line_no
FROM (
    SELECT
        day_no,
        row_no,
        planted(uniform(row_id, 'row defect ' || getvariable('feed'))) AS kind,
        -- Some defects are a line more, after the sound one.
        (kind IN ('blank_line', 'repeated_id', 'orphan'))::INTEGER AS more
    FROM record
    WHERE kind IS NOT NULL AND NOT list_contains(getvariable('unseen_days')::INTEGER[], day_no)
);

INSERT INTO defect
SELECT getvariable('feed'), getvariable('targets')[day_no], line_no, kind FROM planted_row;
