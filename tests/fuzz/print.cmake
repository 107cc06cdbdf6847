# The bytes that come from printers.
pridvor_fuzz(print LIBS drv)
