# The listener of those who work in the town hall.
add_library(desktest STATIC db/desk_rig.c db/slow.c)
target_link_libraries(desktest PUBLIC dbtest)
foreach(name "" _queue _matrix _work _counter _once _lock _person _enemy)
  pridvor_test(db_desk${name} LABEL db SOURCES db/desk${name}_test.c LIBS desktest Threads::Threads TIMEOUT 900)
  add_dependencies(db_desk${name} registryd registryctl)
endforeach()
