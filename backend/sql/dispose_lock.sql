-- One list after the other: none counts or takes what another is taking. $1 institution
SELECT pg_advisory_xact_lock(hashtext('disposal ' || $1))
