-- Open cases that ask for a look; parameters as in desk_mine, without accounts.
WITH k AS (
    SELECT CASE $3::text WHEN 'number' THEN (1000000 + c.year)::text || (10000000000 + c.n)::text
        WHEN 'registered' THEN to_char(c.registered_at AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS')
        ELSE coalesce(c.due, 'infinity'::date)::text END COLLATE "C" AS key, c.id
    FROM casefile c
    WHERE c.closed_at IS NULL AND c.attention <> '' AND c.institution = ANY ($1::text[]) AND EXISTS (
        SELECT FROM unnest($1, $2::text[]) s (institution, department)
        WHERE s.institution = c.institution AND (s.department = '' OR s.department = c.department)
    )
)
SELECT @case_columns@, k.key || '~' || c.id
FROM k JOIN casefile c USING (id)
WHERE CASE WHEN $4::bool THEN (k.key, k.id) < ($5::text COLLATE "C", $6::uuid) ELSE (k.key, k.id) > ($5, $6) END
ORDER BY CASE WHEN NOT $4 THEN k.key END, CASE WHEN NOT $4 THEN k.id END, CASE WHEN $4 THEN k.key END DESC,
    CASE WHEN $4 THEN k.id END DESC
LIMIT $7::int
