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
SELECT c.id, c.request_id, c.institution, c.register, c.n, c.year, c.version, c.service_version,
    (extract(epoch FROM c.registered_at) * 1000)::bigint, (extract(epoch FROM c.entered_at) * 1000)::bigint,
    (extract(epoch FROM c.closed_at) * 1000)::bigint, c.filed_on - date '1970-01-01', c.due - date '1970-01-01',
    c.late_after - date '1970-01-01', c.service, c.workflow, c.state, array_to_string(c.flags, ','), c.department,
    c.assignee, c.author, c.channel, c.subject, c.person, c.attention, c.email, c.phone, c.retention, c.lang, c.sealed,
    c.facts, c.escalated, (SELECT full_name FROM account WHERE name = c.assignee), k.key || '~' || c.id
FROM k JOIN casefile c USING (id)
WHERE CASE WHEN $4::bool THEN (k.key, k.id) < ($5::text COLLATE "C", $6::uuid) ELSE (k.key, k.id) > ($5, $6) END
ORDER BY CASE WHEN NOT $4 THEN k.key END, CASE WHEN NOT $4 THEN k.id END, CASE WHEN $4 THEN k.key END DESC,
    CASE WHEN $4 THEN k.id END DESC
LIMIT $7::int
