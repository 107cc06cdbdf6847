# Pure codecs of the card driver against the worked examples of ICAO and the CCID specification.
set(card_unit_sources unit/card_golden.c)
foreach(part IN ITEMS chip crypto pace zone frame t1 line)
  pridvor_test(unit_card_${part} LABEL unit SOURCES unit/card_${part}_test.c ${card_unit_sources} LIBS drv)
endforeach()
pridvor_test(unit_drivers_bus LABEL unit SOURCES unit/drivers_bus_test.c LIBS drv)
