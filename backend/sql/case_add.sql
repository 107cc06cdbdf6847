-- A new casefile. $1 id $2 request $3 institution $4 register $5 year $6 n $7 service $8 service_version $9 workflow
-- $10 workflow_version $11 state $12 flags $13 facts $14 department $15 channel $16 lang $17 registered_at $18 now
-- $19 filed_on $20 subject $21 person $22 folded $23 cnp_hash $24 cnp_sealed $25 email $26 phone $27 retention
-- $28 answers $29 sealed $30 due
-- $31 late_after. A request has one at its institution.
INSERT INTO casefile (id, request_id, institution, register, year, n, service, service_version, workflow,
    workflow_version, state, flags, facts, department, channel, lang, registered_at, entered_at, filed_on, subject, person,
    folded, cnp_hash, cnp_sealed, email, phone, retention, answers, sealed, due, late_after)
VALUES ($1::uuid, $2::uuid, $3, $4, $5::int, $6::int, $7, $8::int, $9, $10::int, $11, string_to_array($12, ','), $13::jsonb,
    $14, $15, $16, to_timestamp($17::bigint / 1000.0), to_timestamp($18::bigint / 1000.0), $19::date, $20, $21, $22,
    $23::bytea, $24::bytea, $25, $26, $27, $28::bytea, $29::bool, $30::date, $31::date)
ON CONFLICT DO NOTHING RETURNING 1
