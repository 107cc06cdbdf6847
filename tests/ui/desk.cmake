# The clerk's desk on Debian's Chromium against a stand-in of its API. Skipped without node or chromium.
find_program(NODE_BIN NAMES node nodejs)
if(NODE_BIN)
  add_test(NAME ui_desk COMMAND ${NODE_BIN} ${CMAKE_CURRENT_LIST_DIR}/desk.mjs WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(ui_desk PROPERTIES LABELS ui TIMEOUT 600 SKIP_RETURN_CODE 77
    ENVIRONMENT "PRIDVOR_SOURCE=${CMAKE_SOURCE_DIR};PRIDVOR_BUILD=${CMAKE_BINARY_DIR}")
endif()
