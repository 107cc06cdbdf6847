-- Rows for these keys ($1, an array), in one order for everybody. $2 now. Takes a few away that are of no use any more.
WITH gone AS (
    DELETE FROM public_use WHERE key IN (
        SELECT key FROM public_use WHERE since < $2::timestamptz - interval '60 days' AND key <> ALL ($1::text[])
        LIMIT 20 FOR UPDATE SKIP LOCKED)
)
INSERT INTO public_use (key, since, used, times) SELECT k, $2, 0, 0 FROM unnest($1) AS k ORDER BY k
ON CONFLICT (key) DO NOTHING
