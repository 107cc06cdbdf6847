# The printer and pad drivers as processes, over their models.
foreach(part IN ITEMS print pad)
  pridvor_test(devices_${part}_driver LABEL devices SOURCES devices/${part}_driver_test.c LIBS kdrv_client lib::pango
    TIMEOUT 600)
  if(TARGET devices_${part}_driver)
    add_dependencies(devices_${part}_driver vdev kdrv)
  endif()
endforeach()
# Somebody else's driver on our model: the usb backend of CUPS.
pridvor_test(devices_cups_backend LABEL devices SOURCES devices/cups_backend_test.c LIBS vdev_harness lib::pango
  TIMEOUT 180)
add_dependencies(devices_cups_backend vdev)
