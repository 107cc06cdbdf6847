# What comes from a scanner.
pridvor_fuzz(scan RUNS 1500 LIBS drv)
