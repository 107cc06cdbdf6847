# The bytes that come from printers.
pridvor_fuzz(print RUNS 60000 LIBS drv)
