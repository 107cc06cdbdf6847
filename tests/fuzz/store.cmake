# What kind of file somebody sent.
pridvor_fuzz(store LIBS registry)
# What hides in a PDF.
pridvor_fuzz(store_active LIBS registry)
