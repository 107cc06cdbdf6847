# libFuzzer target of the pictures that come from scanners.
if(PRIDVOR_FUZZ)
  add_executable(fuzz_jpeg fuzz/jpeg_fuzz.c)
  target_link_libraries(fuzz_jpeg PRIVATE base)
  target_link_options(fuzz_jpeg PRIVATE -fsanitize=fuzzer)
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/corpus/jpeg)
  add_test(NAME fuzz_jpeg COMMAND fuzz_jpeg -max_total_time=20 -timeout=10 -print_final_stats=1
    ${CMAKE_CURRENT_BINARY_DIR}/corpus/jpeg ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/seeds/jpeg)
  set_tests_properties(fuzz_jpeg PROPERTIES LABELS fuzz TIMEOUT 90)
endif()
