# What kind of file somebody sent.
pridvor_fuzz(store LIBS registry)
