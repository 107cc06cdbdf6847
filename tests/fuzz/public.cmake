# The form with files of the public pages.
pridvor_fuzz(multipart RUNS 300000 LIBS base)
