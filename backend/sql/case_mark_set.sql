-- Everything up to $1 has its casefile
UPDATE case_mark SET settled = greatest(settled, $1::bigint) WHERE settled < $1::bigint
