pridvor_test(unit_office LABEL unit SOURCES unit/office_test.c LIBS drv)
