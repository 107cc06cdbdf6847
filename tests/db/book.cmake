# The register book, search, persons' data.
add_library(booktest STATIC db/book_rig.c)
target_link_libraries(booktest PUBLIC dbtest)
find_package(Threads REQUIRED)
pridvor_test(db_book_number LABEL db SOURCES db/book_number_test.c LIBS booktest Threads::Threads TIMEOUT 300)
pridvor_test(db_book_seal LABEL db SOURCES db/book_seal_test.c LIBS booktest TIMEOUT 300)
pridvor_test(db_book_verify LABEL db SOURCES db/book_verify_test.c LIBS booktest TIMEOUT 300)
add_dependencies(db_book_verify registryctl)
pridvor_test(db_book_find LABEL db SOURCES db/book_find_test.c LIBS booktest TIMEOUT 300)
