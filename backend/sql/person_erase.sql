-- $1 cases $2 now. The rows stay; answers with their files. What belongs to the request and not to one house goes with
-- the last of its cases.
WITH gone AS (
    UPDATE casefile SET person = '', subject = '', folded = '', cnp_hash = NULL, cnp_sealed = NULL, email = NULL,
        phone = NULL, answers = NULL, facts = '{}', erased_at = $2::timestamptz, version = version + 1
    WHERE id = ANY ($1::uuid[]) AND erased_at IS NULL RETURNING id, request_id
), whole AS MATERIALIZED (
    SELECT request_id FROM gone WHERE request_id IS NOT NULL AND NOT EXISTS (SELECT FROM casefile o
        WHERE o.request_id = gone.request_id AND o.erased_at IS NULL AND o.id <> ALL ($1))
), bytes AS (
    UPDATE request r SET request = NULL, signature = NULL, pin_verifier = ''
    FROM whole WHERE r.request_id = whole.request_id
), notes AS (UPDATE case_note SET text = '' WHERE case_id = ANY ($1)),
events AS (UPDATE case_event SET given = '{}' WHERE case_id = ANY ($1)),
tasks AS (UPDATE case_task SET text = NULL WHERE case_id = ANY ($1)),
returns AS (UPDATE case_return SET reason = '', answers = NULL, token_hash = NULL WHERE case_id = ANY ($1)),
terms AS (UPDATE case_term SET extension = '' WHERE case_id = ANY ($1) AND extension <> ''),
drafts AS (UPDATE draft SET title = '', body = '', sealed = NULL WHERE case_id = ANY ($1)),
letters AS (
    UPDATE owed_message m SET recipient = '', vars = NULL, fallback = NULL,
        state = CASE WHEN m.closed_at IS NULL THEN 'failed' ELSE m.state END,
        attention = m.attention AND m.closed_at IS NOT NULL, closed_at = coalesce(m.closed_at, $2)
    FROM gone WHERE m.request_id = coalesce(gone.request_id, gone.id)
        AND (m.closed_at IS NOT NULL OR m.state = 'queued')
        AND (starts_with(m.step, gone.id::text) OR m.step = '' AND (m.request_id = gone.id OR m.request_id IN (
            SELECT request_id FROM whole)))
), papers AS (
    SELECT id, sha256 FROM document WHERE case_id = ANY ($1) AND disposed_at IS NULL
), titles AS (
    UPDATE document SET title = '', disposed_at = coalesce(disposed_at, $2), source = NULL,
        voided_why = CASE WHEN voided_why IS NOT NULL THEN '' END
    WHERE case_id = ANY ($1)
)
SELECT DISTINCT encode(sha256, 'hex') FROM papers
