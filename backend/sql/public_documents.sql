-- What was made for the applicant and signed. $1 case
SELECT id, kind, title, type, size, coalesce(pages, 0), coalesce(signed_name, ''),
    coalesce((extract(epoch FROM signed_at) * 1000)::bigint, 0)
FROM document
WHERE case_id IN (SELECT $1::uuid UNION SELECT o.id FROM casefile c JOIN casefile o USING (request_id)
    WHERE c.id = $1) AND voided_at IS NULL AND disposed_at IS NULL AND kind IN ('answer', 'decision', 'permit')
    AND signed_at IS NOT NULL
ORDER BY made_at LIMIT 50
