# libFuzzer target of the bytes that come from signature pads.
if(PRIDVOR_FUZZ)
  add_executable(fuzz_pad fuzz/pad_fuzz.c)
  target_link_libraries(fuzz_pad PRIVATE drv)
  target_link_options(fuzz_pad PRIVATE -fsanitize=fuzzer)
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/corpus/pad)
  add_test(NAME fuzz_pad COMMAND fuzz_pad -max_total_time=20 -timeout=5 -print_final_stats=1
    ${CMAKE_CURRENT_BINARY_DIR}/corpus/pad ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/seeds/pad)
  set_tests_properties(fuzz_pad PROPERTIES LABELS fuzz TIMEOUT 90)
endif()
