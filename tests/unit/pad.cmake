# What pads say of themselves, and what binds a signature.
pridvor_test(unit_pad_hid LABEL unit SOURCES unit/pad_hid_test.c LIBS drv)
