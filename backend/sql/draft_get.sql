-- $1 case. Sealed, or from before the seals.
SELECT template, lang, title, body, version, author, (extract(epoch FROM at) * 1000)::bigint, sealed FROM draft
WHERE case_id = $1::uuid
