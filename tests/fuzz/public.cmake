# The form with files of the public pages.
pridvor_fuzz(multipart LIBS base)
