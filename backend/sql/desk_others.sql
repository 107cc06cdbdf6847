-- Who else has it open. $1 case $2 account
SELECT coalesce(json_agg(json_build_object('account', p.account, 'full_name', a.full_name, 'seen_at', p.seen_at)
    ORDER BY a.full_name), '[]')
FROM case_presence p JOIN account a ON a.name = p.account
WHERE p.case_id = $1::uuid AND p.account <> $2::text AND p.seen_at > now() - interval '1 minute'
