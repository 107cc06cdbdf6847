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
