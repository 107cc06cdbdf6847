# The register under load; run by hand or by ./pridvor bench, never as a test.
add_executable(bench_intake bench/bench_intake.c bench/load.c bench/report.c)
target_link_libraries(bench_intake PRIVATE dbtest m)
add_dependencies(bench_intake registryd registryctl)
