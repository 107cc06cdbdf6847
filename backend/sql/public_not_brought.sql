-- Which of these files ($1: hashes in hex, an array) this terminal ($2) did not bring within the hours of a visit.
SELECT h FROM unnest($1::text[]) AS h
WHERE NOT EXISTS (SELECT FROM blob_brought b JOIN blob USING (sha256)
    WHERE b.sha256 = decode(h, 'hex') AND b.terminal = $2 AND b.at > now() - interval '2 hours' AND gone_at IS NULL)
