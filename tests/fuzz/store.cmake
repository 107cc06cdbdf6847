# What kind of file somebody sent.
if(PRIDVOR_FUZZ)
  add_executable(fuzz_store fuzz/store_fuzz.c)
  target_link_libraries(fuzz_store PRIVATE registry)
  target_link_options(fuzz_store PRIVATE -fsanitize=fuzzer)
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/corpus/store)
  add_test(NAME fuzz_store COMMAND fuzz_store -max_total_time=20 -timeout=5 -print_final_stats=1
    ${CMAKE_CURRENT_BINARY_DIR}/corpus/store ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/seeds/store)
  set_tests_properties(fuzz_store PROPERTIES LABELS fuzz TIMEOUT 60)
endif()
