# The card codecs.
pridvor_fuzz(card_ccid RUNS 500000 LIBS drv)
pridvor_fuzz(card_chip RUNS 1000000 LIBS drv)
pridvor_fuzz(card_lds RUNS 500000 LIBS drv)
pridvor_fuzz(card_mrz RUNS 2500000 LIBS drv)
pridvor_fuzz(card_read RUNS 40000 LIBS drv)
pridvor_fuzz(card_sm RUNS 750000 LIBS drv)
