# What kind of file somebody sent.
pridvor_fuzz(store RUNS 1500000 LIBS registry)
# What hides in a PDF.
pridvor_fuzz(store_active RUNS 20000 LIBS registry)
