# What people type, and what a terminal files.
pridvor_fuzz(typed RUNS 430000 LIBS registry)
pridvor_fuzz(form RUNS 125000 LIBS registry)
