CREATE MACRO with_field(line, nth, value) AS array_to_string(
    list_transform(string_split(line, ','), lambda field, i: CASE WHEN i = nth THEN value ELSE field END),
    ','
);

-- The defect that a draw in [0, 1) stands for, or NULL for the sound rest.
CREATE MACRO planted(draw) AS CASE
    WHEN draw < list_last(getvariable('row_bounds')::DOUBLE[])
        THEN (getvariable('row_kinds')::VARCHAR[])[
            1 + len(list_filter(getvariable('row_bounds')::DOUBLE[], lambda b: b <= draw))
        ]
END;

CREATE TABLE defect (
    feed VARCHAR, file VARCHAR, line_no BIGINT, kind VARCHAR
);

CREATE TABLE delivery (
    feed VARCHAR, source VARCHAR, target VARCHAR, business_date DATE, arrives_on DATE, lines BIGINT,
    expected VARCHAR
);

CREATE TABLE fate (
    feed VARCHAR, kind VARCHAR, expected VARCHAR, caught_by VARCHAR, rule VARCHAR
);
