# Roles and rights, without a database.
pridvor_test(unit_rights LABEL unit SOURCES unit/rights_test.c LIBS model)
pridvor_test(unit_keys LABEL unit SOURCES unit/keys_test.c LIBS registry)
pridvor_test(unit_totp LABEL unit SOURCES unit/totp_test.c LIBS registry)
