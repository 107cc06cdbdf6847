# The quality check against drawn pages; rows of bytes from any kind of frame; the printed zone of a card.
pridvor_test(unit_scan_quality LABEL unit SOURCES unit/scan_quality_test.c LIBS scan_pages drv TIMEOUT 400)
pridvor_test(unit_scan_zone LABEL unit SOURCES unit/scan_zone_test.c LIBS scan_pages drv TIMEOUT 400)
pridvor_test(unit_scan_hostile LABEL unit SOURCES unit/scan_hostile_test.c LIBS drv)
pridvor_test(unit_scan_frame LABEL unit SOURCES unit/scan_frame_test.c LIBS drv)
