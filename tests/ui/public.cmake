# The pages for citizens on Debian's Chromium, served by registryd. Skipped without node, chromium or PostgreSQL.
find_program(NODE_BIN NAMES node nodejs)
if(NODE_BIN)
  add_test(NAME ui_public COMMAND ${NODE_BIN} ${CMAKE_CURRENT_LIST_DIR}/public.mjs WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(ui_public PROPERTIES LABELS ui TIMEOUT 1200 SKIP_RETURN_CODE 77
    ENVIRONMENT "PRIDVOR_SOURCE=${CMAKE_SOURCE_DIR};PRIDVOR_BUILD=${CMAKE_BINARY_DIR}")
endif()
