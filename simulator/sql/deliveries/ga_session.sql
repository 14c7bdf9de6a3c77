SELECT day_no, row_no, session_id AS row_id, line, NULL::VARCHAR AS orphan FROM ga_line
