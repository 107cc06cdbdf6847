# What people type, and what a terminal files.
foreach(part IN ITEMS typed form)
  pridvor_fuzz(${part} LIBS registry)
endforeach()
