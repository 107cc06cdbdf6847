pridvor_test(unit_model LABEL unit SOURCES unit/model_test.c LIBS model)
pridvor_test(unit_submission LABEL unit SOURCES unit/submission_test.c LIBS model)
pridvor_test(unit_term LABEL unit SOURCES unit/term_test.c LIBS model)
