# The card codecs.
foreach(part IN ITEMS ccid chip lds mrz read sm)
  pridvor_fuzz(card_${part} LIBS drv)
endforeach()
