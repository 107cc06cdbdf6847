pridvor_test(unit_workflow LABEL unit SOURCES unit/workflow_test.c LIBS model)
pridvor_test(unit_workflow_lives LABEL unit SOURCES unit/workflow_lives_test.c LIBS model TIMEOUT 300)
