# Pure parts of the printer and pad drivers: codecs, strokes, the look of the receipt.
pridvor_test(unit_escpos LABEL unit SOURCES unit/escpos_test.c LIBS drv)
pridvor_test(unit_pad LABEL unit SOURCES unit/pad_codec_test.c LIBS drv)
pridvor_test(unit_layout LABEL unit SOURCES unit/layout_test.c LIBS drv)
pridvor_test(unit_roll LABEL unit SOURCES unit/roll_test.c LIBS fw)
