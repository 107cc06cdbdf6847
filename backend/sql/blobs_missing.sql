-- Which of these files ($1: hashes in hex, an array) are not here.
SELECT h FROM unnest($1::text[]) AS h
WHERE NOT EXISTS (SELECT FROM blob WHERE sha256 = decode(h, 'hex') AND gone_at IS NULL)
