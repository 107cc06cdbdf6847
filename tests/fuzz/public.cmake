# The form with files of the public pages.
if(PRIDVOR_FUZZ)
  add_executable(fuzz_multipart fuzz/multipart_fuzz.c)
  target_link_libraries(fuzz_multipart PRIVATE base)
  target_link_options(fuzz_multipart PRIVATE -fsanitize=fuzzer)
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/corpus/multipart)
  add_test(NAME fuzz_multipart COMMAND fuzz_multipart -max_total_time=20 -timeout=5 -print_final_stats=1
    ${CMAKE_CURRENT_BINARY_DIR}/corpus/multipart ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/seeds/multipart)
  set_tests_properties(fuzz_multipart PROPERTIES LABELS fuzz TIMEOUT 60)
endif()
