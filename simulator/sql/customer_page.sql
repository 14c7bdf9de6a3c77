-- One page of customers as one JSON list; the age is in completed years.
SELECT to_json(list(struct_pack(
    client_id := client_id,
    birth_date := strftime(birth_date, '%Y-%m-%d'),
    age := date_sub('year', birth_date, $1::DATE),
    home_ownership := home_ownership,
    occupation := occupation,
    marital_status := marital_status,
    head_of_household_flag := head_of_household_flag,
    client_created_date := strftime(client_created_date, '%Y-%m-%dT%H:%M:%S.%f')
) ORDER BY row_no))::VARCHAR
FROM read_parquet($2)
WHERE row_no >= $3 AND row_no < $4
