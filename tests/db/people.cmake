# The audit's chains, people and their rights, logging in.
pridvor_test(db_audit LABEL db SOURCES db/audit_test.c LIBS dbtest TIMEOUT 300)
add_dependencies(db_audit registryd registryctl)
pridvor_test(db_people LABEL db SOURCES db/people_test.c LIBS dbtest TIMEOUT 300)
add_dependencies(db_people registryctl)
pridvor_test(db_login LABEL db SOURCES db/login_test.c LIBS dbtest TIMEOUT 300)
