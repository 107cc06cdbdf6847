# The lines between kioskd and its drivers.
pridvor_fuzz(layer_frame RUNS 80000 LIBS drv)
