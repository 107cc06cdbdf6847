-- $1 institution $2 key $3 answer
UPDATE desk_once SET answer = $3::text WHERE institution = $1::text AND key = $2::uuid
