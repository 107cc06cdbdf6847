-- Only what was seen before it began: another may have come meanwhile, whenever its act began. $1 now $2 those, as
-- case_holidays_new.sql says them
UPDATE holiday SET recomputed_at = to_timestamp($1::bigint / 1000.0)
WHERE recomputed_at IS NULL AND day || '@' || xmin = ANY (string_to_array($2::text, ','))
