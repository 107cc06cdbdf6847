add_test(NAME style COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/style/style.sh)
set_tests_properties(style PROPERTIES LABELS style ENVIRONMENT "PRIDVOR_SOURCE=${CMAKE_SOURCE_DIR}")
