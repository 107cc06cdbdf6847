-- Somebody has it in the hand. $1 document $2 now $3 by
UPDATE case_print SET printed_at = to_timestamp($2::bigint / 1000.0), printed_by = $3
WHERE document = $1::uuid AND printed_at IS NULL RETURNING case_id
