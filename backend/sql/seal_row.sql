UPDATE request SET request = decode($2, 'hex'), signature = decode($3, 'hex') WHERE request_id = $1::uuid
