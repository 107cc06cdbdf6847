# Tests of the register against a private PostgreSQL.
add_library(dbtest STATIC db/pgcluster.c db/tclient.c db/server.c db/body.c)
target_link_libraries(dbtest PUBLIC registry)
find_package(Threads REQUIRED)

pridvor_test(db_migrate LABEL db SOURCES db/migrate_test.c LIBS dbtest TIMEOUT 120)
pridvor_test(db_intake LABEL db SOURCES db/intake_test.c LIBS dbtest TIMEOUT 300)
pridvor_test(db_server LABEL db SOURCES db/server_test.c LIBS dbtest Threads::Threads TIMEOUT 300)
pridvor_test(db_blob LABEL db SOURCES db/blob_test.c LIBS dbtest TIMEOUT 300)
pridvor_test(db_refuse LABEL db SOURCES db/refuse_test.c LIBS dbtest TIMEOUT 300)
pridvor_test(db_kill LABEL db SOURCES db/kill_test.c LIBS dbtest Threads::Threads TIMEOUT 600)
foreach(test IN ITEMS db_server db_blob db_refuse db_kill)
  add_dependencies(${test} registryd registryctl)
endforeach()
