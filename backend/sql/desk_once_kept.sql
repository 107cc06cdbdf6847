-- $1 institution $2 key $3 keyed hash of what is sent. Is it the same, and its answer.
SELECT sent = $3::bytea, answer FROM desk_once WHERE institution = $1::text AND key = $2::uuid
