# The card driver as a process, over the reader model. kdrv_client serves the tests of the other drivers, too.
add_library(kdrv_client STATIC devices/kdrv_client.c)
target_link_libraries(kdrv_client PUBLIC vdev_harness model base)
pridvor_test(devices_card_driver LABEL devices SOURCES devices/card_driver_test.c LIBS kdrv_client testcard TIMEOUT 600)
if(TARGET devices_card_driver)
  add_dependencies(devices_card_driver vdev kdrv)
endif()
