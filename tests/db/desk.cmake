# The listener of those who work in the town hall.
add_library(desktest STATIC db/desk_rig.c)
target_link_libraries(desktest PUBLIC dbtest)
pridvor_test(db_desk LABEL db SOURCES db/desk_test.c LIBS desktest Threads::Threads TIMEOUT 300)
add_dependencies(db_desk registryd registryctl)
pridvor_test(db_desk_queue LABEL db SOURCES db/desk_queue_test.c LIBS desktest TIMEOUT 300)
add_dependencies(db_desk_queue registryd registryctl)
pridvor_test(db_desk_matrix LABEL db SOURCES db/desk_matrix_test.c LIBS desktest TIMEOUT 600)
add_dependencies(db_desk_matrix registryd registryctl)
