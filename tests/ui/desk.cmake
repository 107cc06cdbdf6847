# The clerk's desk on Debian's Chromium against a stand-in of its API. Skipped without node or chromium.
find_program(NODE_BIN NAMES node nodejs)
if(NODE_BIN)
  add_test(NAME ui_desk COMMAND ${NODE_BIN} ${CMAKE_CURRENT_LIST_DIR}/desk.mjs WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(ui_desk PROPERTIES LABELS ui TIMEOUT 600 SKIP_RETURN_CODE 77
    ENVIRONMENT "PRIDVOR_SOURCE=${CMAKE_SOURCE_DIR};PRIDVOR_BUILD=${CMAKE_BINARY_DIR}")
  # The same pages on a real registryd.
  add_executable(desk_house ${CMAKE_CURRENT_LIST_DIR}/desk_house.c)
  target_link_libraries(desk_house PRIVATE desktest)
  add_dependencies(desk_house registryd registryctl)
  add_test(NAME ui_desk_real COMMAND ${NODE_BIN} ${CMAKE_CURRENT_LIST_DIR}/desk_real.mjs WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(ui_desk_real PROPERTIES LABELS ui TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT "PRIDVOR_SOURCE=${CMAKE_SOURCE_DIR};PRIDVOR_BUILD=${CMAKE_BINARY_DIR}")
endif()
