# Virtual hardware: vdev carries one device; harness is for C tests that use it.
option(PRIDVOR_VDEV_READER "the card reader model in vdev" ON)
set(dev ${CMAKE_CURRENT_SOURCE_DIR}/devices)
file(GLOB vdev_reader CONFIGURE_DEPENDS ${dev}/reader*.c)
list(FILTER vdev_reader EXCLUDE REGEX "_(test|host)\\.c$")
if(NOT PRIDVOR_VDEV_READER OR NOT EXISTS ${dev}/reader.c)
  set(vdev_reader)
endif()

add_executable(vdev ${dev}/vdev.c ${dev}/vdev_script.c ${dev}/vdev_ctl.c ${dev}/usb_node.c ${dev}/usb_ioctl.c
  ${dev}/usb_urb.c ${dev}/printer.c ${dev}/printer_parse.c ${dev}/printer_paper.c ${dev}/probe.c ${vdev_reader})
if(EXISTS ${dev}/pad.c)
  target_sources(vdev PRIVATE ${dev}/pad.c ${dev}/pad_image.c ${dev}/pad_sign.c)
endif()
target_link_libraries(vdev PRIVATE lib::umockdev lib::gio lib::pango lib::cjson util m)
if(vdev_reader)
  target_link_libraries(vdev PRIVATE testcard)
  target_compile_definitions(vdev PRIVATE PRIDVOR_CARDS="${dev}/cards")
endif()

add_library(vdev_harness STATIC ${dev}/harness.c)

pridvor_test(devices_carrier LABEL devices SOURCES devices/carrier_test.c LIBS vdev_harness lib::usb TIMEOUT 180)
add_dependencies(devices_carrier vdev)
