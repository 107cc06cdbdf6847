# The outbox against a real mail server (Exim as root, aiosmtpd otherwise) and a real SMS gateway (Kannel).
add_library(outboxtest STATIC db/posthouse.c db/outbox_rig.c)
target_link_libraries(outboxtest PUBLIC dbtest)
pridvor_test(db_outbox_post LABEL db SOURCES db/outbox_post_test.c LIBS outboxtest TIMEOUT 600)
add_dependencies(db_outbox_post registryd registryctl)
