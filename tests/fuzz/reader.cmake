# The reader driver against hostile cards and readers: 20 seconds each.
if(PRIDVOR_FUZZ)
  foreach(part IN ITEMS line link)
    add_executable(fuzz_reader_${part} fuzz/reader_${part}_fuzz.c)
    target_link_libraries(fuzz_reader_${part} PRIVATE drv)
    target_link_options(fuzz_reader_${part} PRIVATE -fsanitize=fuzzer -Wl,--wrap=mono_ms)
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/corpus/reader_${part})
    add_test(NAME fuzz_reader_${part} COMMAND fuzz_reader_${part} -max_total_time=20 -timeout=10 -print_final_stats=1
      ${CMAKE_CURRENT_BINARY_DIR}/corpus/reader_${part} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/seeds/reader_${part})
    set_tests_properties(fuzz_reader_${part} PROPERTIES LABELS fuzz TIMEOUT 90)
  endforeach()
endif()
