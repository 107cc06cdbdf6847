-- $1 institution $2 register $3 day $4 year. The sealed page, and where the sealed part of the year ends.
SELECT d.first_n, d.last_n, encode(d.hash, 'hex'), (extract(epoch FROM d.sealed_at) * 1000)::bigint, t.last_n
FROM (SELECT coalesce(max(last_n), 0) AS last_n FROM register_day WHERE institution = $1::text AND register = $2::text
        AND day BETWEEN make_date($4::int, 1, 1) AND make_date($4, 12, 31)) t
LEFT JOIN register_day d ON d.institution = $1 AND d.register = $2 AND d.day = $3::date
