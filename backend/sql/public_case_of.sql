-- The case of a registered request; where it went on to another house, the one whose number the citizen has. $1 request
SELECT id FROM casefile WHERE request_id = $1::uuid ORDER BY id = $1::uuid DESC, registered_at LIMIT 1
