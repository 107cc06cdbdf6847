# The terminal and its drivers, measured; run by ./pridvor bench, never as a test.
add_executable(bench_chip bench/bench_chip.c bench/report.c)
target_link_libraries(bench_chip PRIVATE kdrv_client)
add_dependencies(bench_chip vdev kdrv)
add_executable(bench_kiosk bench/bench_kiosk.c bench/report.c)
target_link_libraries(bench_kiosk PRIVATE citizen)
add_dependencies(bench_kiosk kioskd registryd registryctl kdrv vdev vpanel)
