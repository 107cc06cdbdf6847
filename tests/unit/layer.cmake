if(TARGET drv)
  pridvor_test(unit_busless LABEL unit SOURCES unit/busless_test.c LIBS drv)
  pridvor_test(unit_hub LABEL unit SOURCES unit/hub_test.c LIBS drv)
endif()
