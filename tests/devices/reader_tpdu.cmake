# The driver against a reader of TPDU level, and all that can go wrong on the line.
pridvor_test(devices_reader_tpdu LABEL devices SOURCES devices/reader_tpdu_test.c devices/card_rig.c
  LIBS kdrv_client testcard drv TIMEOUT 600)
if(TARGET devices_reader_tpdu)
  add_dependencies(devices_reader_tpdu vdev kdrv)
endif()
