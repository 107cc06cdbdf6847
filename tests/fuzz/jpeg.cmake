# The pictures that come from scanners.
pridvor_fuzz(jpeg RUNS 36000 LIBS base)
