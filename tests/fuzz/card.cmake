# libFuzzer targets of the card codecs: twenty seconds each.
if(PRIDVOR_FUZZ)
  foreach(part IN ITEMS ccid chip lds mrz read sm)
    add_executable(fuzz_card_${part} fuzz/card_${part}_fuzz.c)
    target_link_libraries(fuzz_card_${part} PRIVATE drv)
    target_link_options(fuzz_card_${part} PRIVATE -fsanitize=fuzzer)
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/corpus/card_${part})
    add_test(NAME fuzz_card_${part} COMMAND fuzz_card_${part} -max_total_time=20 -timeout=5 -print_final_stats=1
      ${CMAKE_CURRENT_BINARY_DIR}/corpus/card_${part} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/seeds/card_${part})
    set_tests_properties(fuzz_card_${part} PROPERTIES LABELS fuzz TIMEOUT 90)
  endforeach()
endif()
