-- One erasure after the other. $1 institution
SELECT pg_advisory_xact_lock(hashtext('erasure ' || $1::text))
