# The card applet, and the reader around it. libjpeg only draws the portrait of DG2.
pkg_check_modules(jpeg REQUIRED IMPORTED_TARGET libjpeg)
add_library(testcard STATIC
  devices/card.c devices/card_apdu.c devices/card_bac.c devices/card_chip.c devices/card_extra.c devices/card_face.c
  devices/card_group.c devices/card_lds.c devices/card_mrz.c
  devices/card_pace.c devices/card_prim.c devices/card_rsa.c devices/card_sm.c devices/card_sod.c devices/card_tlv.c)
target_compile_definitions(testcard PUBLIC PRIDVOR_CARDS="${CMAKE_CURRENT_SOURCE_DIR}/devices/cards")
target_link_libraries(testcard PUBLIC base lib::mbedtls PRIVATE lib::pango PkgConfig::jpeg m)

pridvor_test(devices_card LABEL devices SOURCES devices/card_applet_test.c devices/card_terminal.c LIBS testcard)

pridvor_test(devices_reader LABEL devices
  SOURCES devices/reader_model_test.c devices/reader_host.c devices/card_terminal.c unit/port.c
  LIBS testcard vdev_harness lib::usb TIMEOUT 240)
add_dependencies(devices_reader vdev)
