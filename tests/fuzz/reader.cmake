# The reader driver against hostile cards and readers.
foreach(part IN ITEMS line link)
  pridvor_fuzz(reader_${part} LIBS drv LINK -Wl,--wrap=mono_ms ARGS -timeout=10)
endforeach()
