-- One process at a time, until the transaction ends; and up to where every id of the audit was decided before now.
-- $1 which
SELECT pg_try_advisory_xact_lock($1::bigint), (SELECT settled FROM audit_mark)
