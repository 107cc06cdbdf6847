SELECT encode(cnp_sealed, 'hex') FROM casefile WHERE id = $1::uuid
