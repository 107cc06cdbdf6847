-- $1 institution $2 register $3 year $4 from number, null: $7 lines in all $5 to number, null: to the last
-- $6 true: the last first $7 how many
WITH span AS MATERIALIZED (
    SELECT coalesce($4::int, e.n - $7::int + 1) AS low, e.n AS high FROM (
        SELECT least($5::int, (SELECT n FROM register_counter
            WHERE (institution, register, year) = ($1::text, $2::text, $3::smallint))) AS n
    ) e
), line AS MATERIALIZED (
    SELECT n, 'in' AS direction, registered_at AS at, ''::text AS subject, ''::text AS correspondent, service,
        ''::text AS department, NULL::uuid AS case_id, NULL::uuid AS document, NULL::int AS corrects,
        NULL::int AS corrects_year, terminal AS by, NULL::text AS reason, NULL::date AS paper_on,
        NULL::text AS paper_number, NULL::timestamptz AS erased_at, NULL::int AS erasure
    FROM request WHERE (institution, register, year) = ($1, $2, $3)
        AND n BETWEEN (SELECT low FROM span) AND (SELECT high FROM span)
    UNION ALL
    SELECT n, direction, at, subject, correspondent, NULL, department, case_id, document, corrects,
        coalesce(corrects_year, CASE WHEN corrects IS NOT NULL THEN year END), by, reason, paper_on, paper_number,
        erased_at, erasure
    FROM register_entry WHERE (institution, register, year) = ($1, $2, $3)
        AND n BETWEEN (SELECT low FROM span) AND (SELECT high FROM span)
)
SELECT l.n, l.direction, (extract(epoch FROM l.at) * 1000)::bigint, coalesce(nullif(l.subject, ''), f.subject, ''),
    coalesce(nullif(l.correspondent, ''), f.person, ''), coalesce(l.service, f.service),
    coalesce(nullif(l.department, ''), f.department, ''), coalesce(l.case_id, f.id), l.corrects, l.corrects_year, l.by,
    a.full_name, l.reason, l.paper_on::text, l.paper_number, l.document, coalesce(f.sealed, false) OR coalesce(o.sealed, false) OR coalesce(x.sealed, false),
    o.register, o.n, (extract(epoch FROM o.registered_at) * 1000)::bigint,
    (extract(epoch FROM e.at) * 1000)::bigint, CASE WHEN e.at IS NOT NULL THEN coalesce(l.erasure, f.erasure) END
FROM line l
LEFT JOIN casefile f ON (f.institution, f.register, f.year, f.n) = ($1, $2, $3, l.n)
LEFT JOIN casefile o ON o.id = l.case_id AND (o.institution, o.register, o.year, o.n) IS DISTINCT FROM ($1, $2, $3, l.n)
LEFT JOIN casefile x ON (x.institution, x.register, x.year, x.n) = ($1, $2, coalesce(l.corrects_year, $3), l.corrects)
LEFT JOIN account a ON a.name = l.by
-- A line of version 1 keeps its words when its case is erased, and is not said to have lost them.
LEFT JOIN LATERAL (SELECT coalesce(l.erased_at, CASE WHEN l.subject = '' THEN f.erased_at END) AS at) e ON true
ORDER BY CASE WHEN $6::bool THEN -l.n ELSE l.n END
