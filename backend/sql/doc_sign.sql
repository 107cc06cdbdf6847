-- A paper that was brought in, signed as it is. $1 id $2 ms $3 by $4 name $5 number
UPDATE document SET signed_at = to_timestamp($2::bigint / 1000.0), signed_by = $3, signed_name = $4, number = $5
WHERE id = $1::uuid AND signed_at IS NULL AND voided_at IS NULL RETURNING 1
