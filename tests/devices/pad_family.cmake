# The family of pads, and its campaign of faults.
pridvor_test(devices_pad_family LABEL devices SOURCES devices/pad_family_test.c LIBS kdrv_client TIMEOUT 900)
add_dependencies(devices_pad_family vdev kdrv)
