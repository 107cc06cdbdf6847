# The card driver as a process, over the reader model. kdrv_client serves the tests of the other drivers, too.
add_library(kdrv_client STATIC devices/kdrv_client.c)
target_link_libraries(kdrv_client PUBLIC vdev_harness model base)
foreach(part IN ITEMS driver process)
  pridvor_test(devices_card_${part} LABEL devices SOURCES devices/card_${part}_test.c devices/card_rig.c
    LIBS kdrv_client testcard drv TIMEOUT 600)
  if(TARGET devices_card_${part})
    add_dependencies(devices_card_${part} vdev kdrv)
  endif()
endforeach()
# The reading itself, in one process with the chip. Both sides have their own sm_start, tlv_next ...: of the chip only
# its public names stay visible.
set(chip ${CMAKE_CURRENT_BINARY_DIR}/chip_alone.o)
set(chip_names)
foreach(name IN ITEMS new free freep csca_make reset atr apdu busy_ms random seed file put_file drop_file manners
    csca mrz)
  list(APPEND chip_names -G card_${name})
endforeach()
add_custom_command(OUTPUT ${chip}
  COMMAND ${CMAKE_LINKER} -r --whole-archive $<TARGET_FILE:testcard> -o ${chip}.all
  COMMAND ${CMAKE_OBJCOPY} ${chip_names} ${chip}.all ${chip}
  DEPENDS testcard VERBATIM)
set_source_files_properties(${chip} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
pridvor_test(devices_card_reading LABEL devices SOURCES devices/card_reading_test.c
  LIBS drv lib::pango PkgConfig::jpeg m)
pridvor_test(devices_card_kinds LABEL devices SOURCES devices/card_kinds_test.c devices/card_direct.c
  LIBS drv lib::pango PkgConfig::jpeg m TIMEOUT 600)
foreach(part IN ITEMS reading kinds)
  if(TARGET devices_card_${part})
    target_sources(devices_card_${part} PRIVATE ${chip})
  endif()
endforeach()
