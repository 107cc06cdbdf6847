-- A page of the cases k (key, id): after the cursor $5, $6, downwards or not ($4), $7 at most.
SELECT @case_columns@, k.key || '~' || c.id
FROM k JOIN casefile c USING (id)
WHERE CASE WHEN $4::bool THEN (k.key, k.id) < ($5::text COLLATE "C", $6::uuid) ELSE (k.key, k.id) > ($5, $6) END
ORDER BY CASE WHEN NOT $4 THEN k.key END, CASE WHEN NOT $4 THEN k.id END, CASE WHEN $4 THEN k.key END DESC,
    CASE WHEN $4 THEN k.id END DESC
LIMIT $7::int
