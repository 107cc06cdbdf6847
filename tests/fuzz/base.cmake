# libFuzzer targets; each run of ctest fuzzes for twenty seconds, starting from the seeds.
if(PRIDVOR_FUZZ)
  foreach(part IN ITEMS json http)
    add_executable(fuzz_${part} fuzz/${part}_fuzz.c)
    target_link_libraries(fuzz_${part} PRIVATE base lib::llhttp lib::cjson)
    target_link_options(fuzz_${part} PRIVATE -fsanitize=fuzzer)
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/corpus/${part})
    add_test(NAME fuzz_${part} COMMAND fuzz_${part} -max_total_time=20 -timeout=5 -print_final_stats=1
      ${CMAKE_CURRENT_BINARY_DIR}/corpus/${part} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/seeds/${part})
    set_tests_properties(fuzz_${part} PROPERTIES LABELS fuzz TIMEOUT 60)
  endforeach()
endif()
