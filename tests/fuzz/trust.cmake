# libFuzzer targets of passive authentication: DER, signed messages, certificates, revocation lists, scanned zones.
if(PRIDVOR_FUZZ)
  foreach(part IN ITEMS der sod x509 crl ml find)
    add_executable(fuzz_trust_${part} fuzz/trust_${part}_fuzz.c)
    target_link_libraries(fuzz_trust_${part} PRIVATE drv)
    target_link_options(fuzz_trust_${part} PRIVATE -fsanitize=fuzzer)
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/corpus/trust_${part})
    add_test(NAME fuzz_trust_${part} COMMAND fuzz_trust_${part} -max_total_time=20 -timeout=10 -max_len=16384
      -print_final_stats=1 ${CMAKE_CURRENT_BINARY_DIR}/corpus/trust_${part}
      ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/seeds/trust_${part})
    set_tests_properties(fuzz_trust_${part} PROPERTIES LABELS fuzz TIMEOUT 90)
  endforeach()
endif()
