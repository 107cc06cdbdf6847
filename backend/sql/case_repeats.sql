-- A case that was answered already and says the same. $1 case $2 institution $3 service $4 folded $5 cnp_hash or null
-- $6 now
INSERT INTO case_link (case_id, other, kind, at, by)
SELECT $1::uuid, c.id, 'repeats', to_timestamp($6::bigint / 1000.0), 'system' FROM casefile c
WHERE c.institution = $2 AND c.service = $3 AND md5(c.folded) = md5($4) AND c.folded = $4 AND $4 <> '' AND c.id <> $1::uuid
    AND c.state IN ('answered', 'closed') AND ($5::bytea IS NULL OR c.cnp_hash IS NULL OR c.cnp_hash = $5::bytea)
ORDER BY c.registered_at LIMIT 1
ON CONFLICT DO NOTHING RETURNING 1
