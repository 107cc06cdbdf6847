-- Those declared after the program was delivered.
SELECT json_build_object('day', day, 'kind', 'declared', 'by', by,
    'name', json_build_object('ro', name, 'hu', name, 'en', name)) FROM holiday WHERE withdrawn_at IS NULL ORDER BY day
