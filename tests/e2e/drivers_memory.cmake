# What a driver process takes, and valgrind's word on it: of the release build, as it runs in a town hall.
pridvor_test(e2e_drivers_memory LABEL e2e SOURCES e2e/drivers_memory_test.c LIBS kdrv_client TIMEOUT 300)
add_dependencies(e2e_drivers_memory vdev kdrv)
