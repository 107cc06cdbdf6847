-- A person decides that it goes again. $1 id
UPDATE owed_message SET state = 'queued', closed_at = NULL, attention = false, tries = 0, claim = NULL,
    due_at = now(), changed_at = now()
WHERE id = $1::bigint AND closed_at IS NOT NULL AND state IN ('failed', 'unknown')
RETURNING id
