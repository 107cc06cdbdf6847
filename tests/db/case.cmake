# The casework core.
add_library(casetest STATIC db/case_rig.c db/case_steps.c)
target_link_libraries(casetest PUBLIC dbtest lib::cmocka)
pridvor_test(db_case LABEL db SOURCES db/case_test.c LIBS casetest TIMEOUT 300)
pridvor_test(db_case_office LABEL db SOURCES db/case_office_test.c LIBS casetest TIMEOUT 300)
pridvor_test(db_case_life LABEL db SOURCES db/case_life_test.c db/case_model.c db/case_proof.c LIBS casetest TIMEOUT 900)
