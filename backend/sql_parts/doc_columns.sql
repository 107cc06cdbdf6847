-- What row_of reads of a document d, in its order.
d.id, d.case_id, d.institution, d.kind, d.title, d.lang, encode(d.sha256, 'hex'), d.type, d.parent, d.template,
    d.size, d.pages, (extract(epoch FROM d.made_at) * 1000)::bigint, (extract(epoch FROM d.signed_at) * 1000)::bigint,
    (extract(epoch FROM d.certified_at) * 1000)::bigint, (extract(epoch FROM d.voided_at) * 1000)::bigint,
    d.made_by, d.signed_by, d.signed_name, d.certified_by, d.voided_why, d.number,
    (extract(epoch FROM d.disposed_at) * 1000)::bigint,
    EXISTS (SELECT FROM case_print p WHERE p.document = d.id AND p.printed_at IS NULL),
    (SELECT b.active FROM blob b WHERE b.sha256 = d.sha256)
