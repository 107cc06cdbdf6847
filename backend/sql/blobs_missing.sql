-- Which of these files ($1: hashes in hex, an array) were never received.
SELECT h FROM unnest($1::text[]) AS h WHERE NOT EXISTS (SELECT FROM blob WHERE sha256 = decode(h, 'hex'))
