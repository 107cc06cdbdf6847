# The reader driver against hostile cards and readers.
pridvor_fuzz(reader_line RUNS 700000 LIBS drv LINK -Wl,--wrap=mono_ms)
pridvor_fuzz(reader_link RUNS 400000 LIBS drv LINK -Wl,--wrap=mono_ms)
