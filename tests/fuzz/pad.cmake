# The bytes that come from signature pads.
pridvor_fuzz(pad LIBS drv)
