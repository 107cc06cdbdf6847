-- $1 case $2 sealed, hex
UPDATE draft SET title = '', body = '', sealed = decode($2, 'hex') WHERE case_id = $1::uuid
