-- One row per member of a household of two clients.
SELECT household_no AS household_id, client_id, household_role AS role
FROM client
WHERE household_no IS NOT NULL
ORDER BY household_id, client_id
