-- The SMS gateway's word that it has the message, or that it arrived. $1 id $2 arrived
WITH open AS (
    UPDATE owed_message SET state = 'sent', changed_at = now(), closed_at = now(), attention = false, detail = NULL,
        delivered_at = CASE WHEN $2::bool THEN now() END
    WHERE id = $1::bigint AND closed_at IS NULL AND state = 'handing' AND way = 'sms' RETURNING id
), closed AS (
    UPDATE owed_message SET state = 'sent', changed_at = now(), attention = false, detail = NULL,
        delivered_at = coalesce(delivered_at, CASE WHEN $2::bool THEN now() END)
    WHERE id = $1::bigint AND closed_at IS NOT NULL AND state IN ('sent', 'unknown') AND way = 'sms' RETURNING id
)
SELECT id FROM open UNION ALL SELECT id FROM closed
