# libFuzzer target of the bytes that come from printers.
if(PRIDVOR_FUZZ)
  add_executable(fuzz_print fuzz/print_fuzz.c)
  target_link_libraries(fuzz_print PRIVATE drv)
  target_link_options(fuzz_print PRIVATE -fsanitize=fuzzer)
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/corpus/print)
  add_test(NAME fuzz_print COMMAND fuzz_print -max_total_time=20 -timeout=5 -print_final_stats=1
    ${CMAKE_CURRENT_BINARY_DIR}/corpus/print ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/seeds/print)
  set_tests_properties(fuzz_print PROPERTIES LABELS fuzz TIMEOUT 60)
endif()
