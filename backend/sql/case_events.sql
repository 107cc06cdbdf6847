-- $1 case $2 after this version
SELECT (extract(epoch FROM v.at) * 1000)::bigint, v.actor, coalesce(a.full_name, ''), v.act, coalesce(v.state_from, ''),
    coalesce(v.state_to, ''), v.given, v.public, v.version
FROM case_event v LEFT JOIN account a ON a.name = v.actor WHERE v.case_id = $1::uuid AND v.version > $2::bigint ORDER BY v.id
