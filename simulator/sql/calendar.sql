-- One row per simulated day; weight is the appetite to spend, in hundredths of an average day.
CREATE TABLE day AS
WITH numbered AS (
    SELECT day_no::INTEGER AS day_no, day_of(day_no) AS day
    FROM range(getvariable('days')) AS t (day_no)
)
SELECT
    day_no,
    day,
    (
        100
        * [60, 85, 90, 95, 105, 135, 130][dayofweek(day) + 1] / 100.0
        * [85, 88, 96, 98, 102, 104, 108, 106, 97, 99, 103, 128][month(day)] / 100.0
        * CASE WHEN day(day) >= 25 THEN 1.15 WHEN day(day) BETWEEN 18 AND 24 THEN 0.9 ELSE 1 END
    )::INTEGER AS weight
FROM numbered;

-- Spending weight gathered before each day: the weight of a span is a difference of two rows.
CREATE TABLE weight_before AS
SELECT
    day_no,
    coalesce(sum(weight) OVER (ORDER BY day_no ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW), 0)::BIGINT
        AS weight
FROM (
    SELECT day_no, weight FROM day
    UNION ALL
    SELECT getvariable('days')::INTEGER, 0
);
