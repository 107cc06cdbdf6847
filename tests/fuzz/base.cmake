# What comes over HTTP.
foreach(part IN ITEMS json http)
  pridvor_fuzz(${part} LIBS base lib::llhttp lib::cjson)
endforeach()
