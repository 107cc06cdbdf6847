-- A page of the audit of these institutions, the youngest first. $1 institutions $2 before this id
SELECT json_build_object('items', coalesce(json_agg(json_build_object('id', p.id::text, 'at', p.at, 'institution',
        p.institution, 'actor', p.actor, 'actor_name', p.full_name, 'act', p.act, 'detail', p.detail, 'case',
        p.request_id) ORDER BY p.id DESC) FILTER (WHERE p.place <= 50), '[]'),
    'next', (min(p.id) FILTER (WHERE p.place = 50 AND p.more))::text)
FROM (
    SELECT a.*, u.full_name, row_number() OVER (ORDER BY a.id DESC) AS place, count(*) OVER () > 50 AS more
    FROM (
        SELECT * FROM audit WHERE institution = ANY ($1::text[]) AND id < $2::bigint ORDER BY id DESC LIMIT 51
    ) a LEFT JOIN account u ON u.name = a.actor
) p
