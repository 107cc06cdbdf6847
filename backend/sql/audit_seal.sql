SELECT audit_seal_rows($1::int, $2::bool)
