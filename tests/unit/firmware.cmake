if(TARGET fw)
  pridvor_test(unit_powercut LABEL unit SOURCES unit/powercut_test.c unit/powercut_vfs.c LIBS fw lib::sqlite TIMEOUT 300)
  pridvor_test(unit_queue LABEL unit SOURCES unit/queue_test.c LIBS fw lib::sqlite)
endif()
