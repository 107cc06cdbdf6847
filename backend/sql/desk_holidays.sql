-- Those declared after the program was delivered.
SELECT coalesce(json_agg(json_build_object('day', day, 'kind', 'declared', 'by', by,
    'name', json_build_object('ro', name, 'hu', name, 'en', name)) ORDER BY day), '[]') FROM holiday
