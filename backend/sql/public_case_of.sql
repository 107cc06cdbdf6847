-- The case of a registered request; where it went on to another house, the one that is there now. $1 request
SELECT id FROM casefile WHERE request_id = $1::uuid ORDER BY registered_at DESC, id DESC LIMIT 1
