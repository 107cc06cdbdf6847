# The bytes that come from signature pads.
pridvor_fuzz(pad RUNS 300000 LIBS drv)
