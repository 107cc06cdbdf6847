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
# Driver and printer model in one process, the clock in our hands: every fault at every transfer.
pridvor_test(devices_print_campaign LABEL devices SOURCES devices/print_campaign_test.c devices/print_rig.c
  devices/printer.c devices/printer_parse.c devices/printer_paper.c devices/printer_kinds.c LIBS drv lib::gio
  lib::pango TIMEOUT 240)
target_link_options(devices_print_campaign PRIVATE -Wl,--wrap=mono_ms,--wrap=g_get_monotonic_time
  -Wl,--wrap=g_timeout_add,--wrap=g_source_remove,--wrap=apart_run)
