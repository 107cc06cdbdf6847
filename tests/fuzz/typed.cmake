# What people type, and what a terminal files.
if(PRIDVOR_FUZZ)
  foreach(part IN ITEMS typed form)
    add_executable(fuzz_${part} fuzz/${part}_fuzz.c)
    target_link_libraries(fuzz_${part} PRIVATE registry)
    target_link_options(fuzz_${part} PRIVATE -fsanitize=fuzzer)
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/corpus/${part})
    add_test(NAME fuzz_${part} COMMAND fuzz_${part} -max_total_time=20 -timeout=5 -print_final_stats=1
      ${CMAKE_CURRENT_BINARY_DIR}/corpus/${part} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/seeds/${part})
    set_tests_properties(fuzz_${part} PROPERTIES LABELS fuzz TIMEOUT 60)
  endforeach()
  set_tests_properties(fuzz_form PROPERTIES ENVIRONMENT "PRIDVOR_SOURCE=${CMAKE_SOURCE_DIR}")
endif()
