# The pictures that come from scanners.
pridvor_fuzz(jpeg LIBS base ARGS -timeout=10)
