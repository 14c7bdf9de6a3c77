-- The lines that a sound line becomes in the file, per kind of defect.
CREATE MACRO spoilt(line, kind, orphan) AS CASE kind
    WHEN 'unknown_code' THEN [with_field(line, getvariable('code_at'), 'XX')]
    WHEN 'quoted_number' THEN [with_field(line, 1, '"' || split_part(line, ',', 1) || '"')]
    WHEN 'date_shape'
        THEN [with_field(line, 4, replace(substr(split_part(line, ',', 4), 1, 19), 'T', ' '))]
    WHEN 'bad_date' THEN [with_field(line, 4, '31.02.' || substr(split_part(line, ',', 4), 1, 4))]
    WHEN 'column_more' THEN [line || ',1']
    WHEN 'column_fewer' THEN [regexp_replace(line, ',[^,]*$', '')]
    WHEN 'blank_line' THEN [line, '']
    WHEN 'repeated_id' THEN [line, line]
    WHEN 'orphan' THEN [line, orphan]
    WHEN 'broken_json' THEN [substr(line, 1, length(line) // 2)]
    WHEN 'new_field' THEN ['{"privacyInfo":{"adsStorage":"Yes"},' || substr(line, 2)]
    ELSE [line]
END;
