SELECT institution, seq, encode(hash, 'hex'), to_char(sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
FROM audit_head WHERE $1::text IS NULL OR institution = $1 ORDER BY institution
