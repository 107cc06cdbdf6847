# What comes from a scanner.
pridvor_fuzz(scan LIBS drv)
