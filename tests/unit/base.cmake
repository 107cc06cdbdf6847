foreach(part IN ITEMS json text clock files crypto)
  pridvor_test(unit_base_${part} LABEL unit SOURCES unit/base_${part}_test.c LIBS base)
endforeach()
pridvor_test(unit_base_http LABEL unit SOURCES unit/base_http_test.c unit/base_rig.c LIBS base)
pridvor_test(unit_base_stream LABEL unit SOURCES unit/base_stream_test.c unit/base_rig.c LIBS base)
pridvor_test(unit_base_send LABEL unit SOURCES unit/base_send_test.c unit/base_rig.c LIBS base)
pridvor_test(unit_base_tls LABEL unit SOURCES unit/base_tls_test.c unit/base_rig.c unit/base_certs.c
  LIBS base lib::mbedtls)
pridvor_test(unit_base_httpc LABEL unit SOURCES unit/base_httpc_test.c unit/base_rig.c unit/base_certs.c
  LIBS base lib::mbedtls)
# Reads its files back with poppler-utils and qpdf.
pridvor_test(unit_base_pdf LABEL unit SOURCES unit/base_pdf_test.c LIBS base lib::jpeg)
