-- $1 case $2 account
INSERT INTO case_presence (case_id, account, seen_at) VALUES ($1::uuid, $2::text, now())
ON CONFLICT (case_id, account) DO UPDATE SET seen_at = now()
