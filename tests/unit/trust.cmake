# Printed zones in scanned text; passive authentication with certificates made by openssl.
pridvor_test(unit_card_find LABEL unit SOURCES unit/card_find_test.c unit/card_golden.c LIBS drv)
pridvor_test(unit_card_csca LABEL unit SOURCES unit/card_csca_test.c LIBS drv)
set(trust_rig unit/card_trust_rig.c)
foreach(part IN ITEMS trust attack)
  pridvor_test(unit_card_${part} LABEL unit SOURCES unit/card_${part}_test.c ${trust_rig} LIBS drv)
endforeach()
