-- One row per visitor of the site: sessions and hits, and how many clients may be behind them.
SELECT
    visitor.full_visitor_id,
    count(*) AS sessions,
    sum(session.hits)::BIGINT AS hits,
    (SELECT count(*) FROM visitor_map AS map WHERE map.full_visitor_id = visitor.full_visitor_id)
        AS clients
FROM session
INNER JOIN visitor USING (device_id)
GROUP BY visitor.full_visitor_id
ORDER BY visitor.full_visitor_id
