# pcscd and libccid of Debian accept the reader model; our driver reads through them.
pridvor_test(devices_reader_pcscd LABEL devices SOURCES devices/reader_pcscd_test.c devices/card_rig.c
  LIBS kdrv_client testcard drv TIMEOUT 300)
if(TARGET devices_reader_pcscd)
  add_dependencies(devices_reader_pcscd vdev kdrv)
endif()
