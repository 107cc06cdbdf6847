-- The bytes of one of them. $1 document $2 case
SELECT encode(sha256, 'hex'), type, title, size FROM document
WHERE id = $1::uuid AND case_id IN (SELECT $2::uuid UNION SELECT o.id FROM casefile c JOIN casefile o USING (request_id)
    WHERE c.id = $2) AND voided_at IS NULL AND disposed_at IS NULL AND kind IN ('answer', 'decision', 'permit')
    AND signed_at IS NOT NULL
