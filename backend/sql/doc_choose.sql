-- A paper of the case that was brought in stands for the answer. $1 id $2 case
UPDATE document SET source = '{"given": true}'
WHERE id = $1::uuid AND case_id = $2::uuid AND signed_at IS NULL AND voided_at IS NULL AND disposed_at IS NULL
    AND type = 'application/pdf' AND kind IN ('attachment', 'scan') RETURNING 1
