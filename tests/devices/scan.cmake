# The scanner: drawn pages, a network scanner that speaks eSCL, and the driver against it and SANE's own test backend.
add_library(scan_pages STATIC devices/scan_pages.c)
target_link_libraries(scan_pages PUBLIC base lib::pango m)
add_executable(escl_scanner devices/escl_scanner.c devices/escl.c)
target_link_libraries(escl_scanner PRIVATE scan_pages drv lib::gio)
# Makes drivers/scan/letters_table.c again: ninja zone_letters && tests/zone_letters > drivers/scan/letters_table.c
add_executable(zone_letters EXCLUDE_FROM_ALL devices/zone_letters.c)
target_link_libraries(zone_letters PRIVATE scan_pages drv)
pridvor_test(devices_scan LABEL devices SOURCES devices/scan_driver_test.c LIBS kdrv_client TIMEOUT 400)
add_dependencies(devices_scan kdrv escl_scanner)
