# The lines between kioskd and its drivers.
pridvor_fuzz(layer_frame LIBS drv)
