# Letters as PDF, read back by other people's programs (poppler, qpdf); files at rest; templates.
pridvor_test(unit_paper LABEL unit SOURCES unit/paper_test.c unit/paper_rig.c LIBS registry)
pridvor_test(unit_store LABEL unit SOURCES unit/store_test.c unit/paper_rig.c LIBS registry)
pridvor_test(unit_zip LABEL unit SOURCES unit/zip_test.c LIBS registry)
pridvor_test(unit_paper_scan LABEL unit SOURCES unit/paper_scan_test.c unit/paper_rig.c LIBS registry lib::zlib)
pridvor_test(unit_store_active LABEL unit SOURCES unit/store_active_test.c unit/paper_rig.c LIBS registry lib::zlib)
pridvor_test(unit_store_filter LABEL unit SOURCES unit/store_filter_test.c unit/paper_rig.c LIBS registry lib::zlib)
