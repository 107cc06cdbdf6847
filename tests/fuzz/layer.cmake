# libFuzzer target of the lines between kioskd and its drivers.
if(PRIDVOR_FUZZ)
  add_executable(fuzz_layer_frame fuzz/layer_frame_fuzz.c)
  target_link_libraries(fuzz_layer_frame PRIVATE drv)
  target_link_options(fuzz_layer_frame PRIVATE -fsanitize=fuzzer)
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/corpus/layer_frame)
  add_test(NAME fuzz_layer_frame COMMAND fuzz_layer_frame -max_total_time=20 -timeout=5 -print_final_stats=1
    ${CMAKE_CURRENT_BINARY_DIR}/corpus/layer_frame ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/seeds/layer_frame)
  set_tests_properties(fuzz_layer_frame PROPERTIES LABELS fuzz TIMEOUT 90)
endif()
