-- $1 cases $2 now. The rows stay; answers with their files.
WITH gone AS (
    UPDATE casefile SET person = '', subject = '', folded = '', cnp_hash = NULL, cnp_sealed = NULL, email = NULL,
        phone = NULL, answers = NULL, facts = '{}', erased_at = $2::timestamptz, version = version + 1
    WHERE id = ANY ($1::uuid[]) AND erased_at IS NULL RETURNING id, request_id
), bytes AS (
    UPDATE request r SET request = NULL, signature = NULL, pin_verifier = ''
    FROM gone WHERE r.request_id = gone.request_id AND NOT EXISTS (SELECT FROM casefile o
        WHERE o.request_id = r.request_id AND o.erased_at IS NULL AND o.id <> ALL ($1))
), notes AS (UPDATE case_note SET text = '' WHERE case_id = ANY ($1)),
events AS (UPDATE case_event SET given = '{}' WHERE case_id = ANY ($1)),
tasks AS (UPDATE case_task SET text = NULL WHERE case_id = ANY ($1)),
returns AS (UPDATE case_return SET reason = '', answers = NULL, token_hash = NULL WHERE case_id = ANY ($1)),
drafts AS (UPDATE draft SET title = '', body = '', sealed = NULL WHERE case_id = ANY ($1)),
letters AS (
    UPDATE owed_message m SET recipient = '', vars = NULL, fallback = NULL
    FROM gone WHERE m.request_id = coalesce(gone.request_id, gone.id) AND m.closed_at IS NOT NULL
        AND (starts_with(m.step, gone.id::text) OR m.step = '' AND m.request_id = gone.id)
), papers AS (
    UPDATE document SET title = '', disposed_at = $2, source = NULL WHERE case_id = ANY ($1) AND disposed_at IS NULL
    RETURNING sha256
)
SELECT DISTINCT encode(sha256, 'hex') FROM papers
