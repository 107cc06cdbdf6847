# The device layer through kioskd: real drivers on virtual devices, and one that behaves badly.
if(TARGET kioskd)
  pridvor_test(devices_layer LABEL devices SOURCES devices/layer_test.c devices/layer_rig.c unit/base_rig.c
    unit/base_certs.c LIBS vdev_harness base lib::mbedtls TIMEOUT 300)
  if(TARGET devices_layer)
    add_dependencies(devices_layer vdev kdrv kioskd kioskctl fake_kdrv)
  endif()
endif()
# Everything that can happen to one transfer, below the bus file.
pridvor_test(devices_bus_fault LABEL devices SOURCES devices/bus_fault_test.c LIBS vdev_harness drv TIMEOUT 300)
if(TARGET devices_bus_fault)
  add_dependencies(devices_bus_fault vdev)
endif()
