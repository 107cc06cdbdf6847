if(TARGET drv)
  pridvor_test(unit_busless LABEL unit SOURCES unit/busless_test.c LIBS drv)
endif()
