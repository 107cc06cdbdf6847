pridvor_test(unit_model LABEL unit SOURCES unit/model_test.c LIBS model)
pridvor_test(unit_submission LABEL unit SOURCES unit/submission_test.c LIBS model)
