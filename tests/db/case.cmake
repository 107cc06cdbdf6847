# The casework core.
add_library(casetest STATIC db/case_rig.c db/case_steps.c)
target_link_libraries(casetest PUBLIC dbtest lib::cmocka)
pridvor_test(db_case LABEL db SOURCES db/case_test.c LIBS casetest TIMEOUT 300)
pridvor_test(db_case_reach LABEL db SOURCES db/case_reach_test.c LIBS casetest TIMEOUT 300)
pridvor_test(db_case_office LABEL db SOURCES db/case_office_test.c LIBS casetest TIMEOUT 300)
pridvor_test(db_case_unheld LABEL db SOURCES db/case_unheld_test.c LIBS casetest TIMEOUT 300)
pridvor_test(db_case_hold LABEL db SOURCES db/case_hold_test.c LIBS casetest Threads::Threads TIMEOUT 300)
pridvor_test(db_case_meet LABEL db SOURCES db/case_meet_test.c LIBS casetest Threads::Threads TIMEOUT 300)
pridvor_test(db_case_connex LABEL db SOURCES db/case_connex_test.c LIBS casetest Threads::Threads TIMEOUT 300)
pridvor_test(db_case_due LABEL db SOURCES db/case_due_test.c LIBS casetest TIMEOUT 300)
pridvor_test(db_case_board LABEL db SOURCES db/case_board_test.c LIBS casetest TIMEOUT 300)
pridvor_test(db_case_life LABEL db SOURCES db/case_life_test.c db/case_gift.c db/case_model.c db/case_proof.c
  db/case_town.c db/case_who.c
  LIBS casetest Threads::Threads TIMEOUT 900)
add_test(NAME db_case_kill COMMAND $<TARGET_FILE:db_case_life> kill WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
get_test_property(db_case_life ENVIRONMENT life_environment)
set_tests_properties(db_case_kill PROPERTIES LABELS db TIMEOUT 900 SKIP_RETURN_CODE 77 ENVIRONMENT "${life_environment}")
# The day of the town halls while everything below them is killed.
pridvor_test(db_case_storm LABEL db SOURCES db/case_storm_test.c db/case_storm_people.c db/case_storm_citizen.c
  db/case_storm_post.c db/form_fill.c db/case_model.c db/case_proof.c db/case_who.c
  LIBS casetest desktest outboxtest Threads::Threads TIMEOUT 600)
add_dependencies(db_case_storm registryd registryctl)
