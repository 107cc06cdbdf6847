# The printer and pad drivers as processes, over their models.
pridvor_test(devices_print_driver LABEL devices SOURCES devices/print_driver_test.c LIBS kdrv_client lib::pango TIMEOUT 600)
if(TARGET devices_print_driver)
  add_dependencies(devices_print_driver vdev kdrv)
endif()
