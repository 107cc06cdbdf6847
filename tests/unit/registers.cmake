pridvor_test(unit_registers LABEL unit SOURCES unit/registers_test.c LIBS model)
