-- What was seen in a file. $1 hash $2 whether it brings more than pages
UPDATE blob SET active = $2::boolean WHERE sha256 = decode($1, 'hex') AND active IS DISTINCT FROM $2::boolean
