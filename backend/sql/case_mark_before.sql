-- $1 case
SELECT @mark_before@ FROM casefile WHERE id = $1::uuid
