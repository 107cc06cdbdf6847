-- $1 hash of the token $2 now $3 language now chosen, or null $4 minutes from now, of an hour at most. The case is the one
-- that is worked on now: a request that went on to another house has one here and one there.
UPDATE public_visit v SET
    until = least(greatest(v.until, $2::timestamptz + make_interval(mins => $4::integer)),
        v.began_at + interval '1 hour'),
    lang = coalesce($3, v.lang),
    case_id = CASE WHEN v.kind = 'link' THEN v.case_id ELSE coalesce((SELECT c.id FROM casefile c
        WHERE c.request_id = v.request_id ORDER BY c.registered_at DESC, c.id DESC LIMIT 1), v.case_id) END
WHERE v.token_hash = $1::bytea AND v.until > $2
RETURNING v.kind, v.request_id, v.case_id, v.return_id, v.lang, array_to_string(v.files, ',')
