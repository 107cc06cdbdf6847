# Letters as PDF, read back by other people's programs (poppler, qpdf).
pridvor_test(unit_paper LABEL unit SOURCES unit/paper_test.c unit/paper_rig.c LIBS registry)
