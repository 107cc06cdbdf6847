-- What was signed last. $1 case
SELECT d.id, d.case_id, d.institution, d.kind, d.title, d.lang, encode(d.sha256, 'hex'), d.type, d.parent, d.template,
    d.size, d.pages, (extract(epoch FROM d.made_at) * 1000)::bigint, (extract(epoch FROM d.signed_at) * 1000)::bigint,
    (extract(epoch FROM d.certified_at) * 1000)::bigint, (extract(epoch FROM d.voided_at) * 1000)::bigint,
    d.made_by, d.signed_by, d.signed_name, d.certified_by, d.voided_why, d.number,
    (extract(epoch FROM d.disposed_at) * 1000)::bigint
FROM document d WHERE d.case_id = $1::uuid AND d.signed_at IS NOT NULL AND d.voided_at IS NULL AND d.kind <> 'cover'
ORDER BY d.signed_at DESC, d.id DESC LIMIT 1
