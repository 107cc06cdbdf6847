# Virtual hardware: vdev carries one device, vpanel shows all of them; vdev_harness is for C tests.
file(GLOB vdev_reader CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/devices/reader*.c
  ${CMAKE_CURRENT_SOURCE_DIR}/devices/pad*.c)
list(FILTER vdev_reader EXCLUDE REGEX "_test\\.c$|reader_host\\.c$")
add_executable(vdev devices/vdev.c devices/vdev_script.c devices/vdev_ctl.c devices/usb_node.c devices/usb_sweep.c devices/usb_ioctl.c
  devices/usb_standard.c
  devices/usb_urb.c devices/probe.c devices/printer.c devices/printer_parse.c devices/printer_paper.c devices/printer_kinds.c
  ${vdev_reader})
target_link_libraries(vdev PRIVATE testcard lib::umockdev lib::gio lib::pango lib::zlib lib::mbedtls util m)

add_library(vdev_harness STATIC devices/harness.c)

pridvor_test(devices_carrier LABEL devices SOURCES devices/carrier_test.c LIBS vdev_harness lib::usb TIMEOUT 180)
pridvor_test(devices_printer LABEL devices SOURCES devices/printer_model_test.c LIBS vdev_harness lib::usb lib::pango
  TIMEOUT 180)
pridvor_test(devices_pad LABEL devices SOURCES devices/pad_model_test.c LIBS vdev_harness lib::usb lib::pango
  TIMEOUT 180)
foreach(name IN ITEMS devices_carrier devices_printer devices_pad)
  add_dependencies(${name} vdev)
endforeach()

add_executable(vpanel devices/panel.c devices/panel_ctl.c devices/panel_relay.c)
set(cards ${CMAKE_CURRENT_SOURCE_DIR}/devices/cards)
embed_files(vpanel panel_html.h ${CMAKE_CURRENT_SOURCE_DIR}/devices/panel.html ${cards}/A.json ${cards}/B.json
  ${cards}/C.json)
target_link_libraries(vpanel PRIVATE base lib::uv)

pridvor_test(devices_panel LABEL devices SOURCES devices/panel_test.c unit/port.c LIBS vdev_harness base TIMEOUT 60)
add_dependencies(devices_panel vdev vpanel)
