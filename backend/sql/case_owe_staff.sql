-- A word to a colleague who has an address: of numbers and days, not of persons. The row stands under the colleague, so
-- that no citizen's address is ever near it. $1 now $2 account $3 message $4 step $5 vars
INSERT INTO owed_message (created_at, due_at, request_id, way, message, lang, recipient, step, vars)
SELECT to_timestamp($1::bigint / 1000.0), to_timestamp($1::bigint / 1000.0), md5('staff ' || a.name)::uuid, 'email', $3,
    a.email_lang, a.email, $4, ($5::jsonb || jsonb_build_object('institution',
        CASE a.email_lang WHEN 'hu' THEN i.name_hu WHEN 'en' THEN i.name_en ELSE i.name_ro END))::text
FROM account a JOIN institution i ON i.id = a.institution
WHERE a.name = $2 AND a.email IS NOT NULL AND a.disabled_at IS NULL
ON CONFLICT DO NOTHING
