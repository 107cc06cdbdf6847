# Documents and answers.
add_library(doctest STATIC db/doc_rig.c unit/paper_rig.c)
target_link_libraries(doctest PUBLIC booktest dbtest lib::cmocka)
find_package(Threads REQUIRED)
pridvor_test(db_doc_answer LABEL db SOURCES db/doc_answer_test.c LIBS doctest Threads::Threads TIMEOUT 300)
pridvor_test(db_doc_paper LABEL db SOURCES db/doc_paper_test.c LIBS doctest lib::jpeg TIMEOUT 300)
pridvor_test(db_doc_request LABEL db SOURCES db/doc_request_test.c LIBS doctest TIMEOUT 300)
pridvor_test(db_doc_ctl LABEL db SOURCES db/doc_ctl_test.c LIBS doctest TIMEOUT 300)
add_dependencies(db_doc_ctl registryctl)
