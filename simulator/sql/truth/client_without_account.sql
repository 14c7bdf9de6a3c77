-- One row per client whom no disposition names.
SELECT client_id FROM client ANTI JOIN disposition USING (client_id) ORDER BY client_id
