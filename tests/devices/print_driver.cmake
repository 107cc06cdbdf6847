# The printer and pad drivers as processes, over their models.
foreach(part IN ITEMS print pad)
  pridvor_test(devices_${part}_driver LABEL devices SOURCES devices/${part}_driver_test.c LIBS kdrv_client lib::pango
    TIMEOUT 600)
  if(TARGET devices_${part}_driver)
    add_dependencies(devices_${part}_driver vdev kdrv)
  endif()
endforeach()
