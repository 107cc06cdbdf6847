add_executable(bench_quality bench/bench_quality.c)
target_link_libraries(bench_quality PRIVATE scan_pages drv)
