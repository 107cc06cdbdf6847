pridvor_test(unit_base_multipart LABEL unit SOURCES unit/base_multipart_test.c LIBS base)
