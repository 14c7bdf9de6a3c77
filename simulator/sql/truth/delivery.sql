-- One row per delivery in order of arrival: where it waits, and under which name it lands.
SELECT
    row_number() OVER (ORDER BY arrives_on, target, source DESC) AS seq,
    feed, source, target, business_date, arrives_on, lines, expected
FROM delivery
ORDER BY seq
