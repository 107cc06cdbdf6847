# libFuzzer target of what comes from a scanner.
if(PRIDVOR_FUZZ)
  add_executable(fuzz_scan fuzz/scan_fuzz.c)
  target_link_libraries(fuzz_scan PRIVATE drv)
  target_link_options(fuzz_scan PRIVATE -fsanitize=fuzzer)
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/corpus/scan)
  add_test(NAME fuzz_scan COMMAND fuzz_scan -max_total_time=20 -timeout=5 -print_final_stats=1
    ${CMAKE_CURRENT_BINARY_DIR}/corpus/scan ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/seeds/scan)
  set_tests_properties(fuzz_scan PROPERTIES LABELS fuzz TIMEOUT 60)
endif()
