# A demo database of any size, and the desk over it; run by hand or by ./pridvor bench, never as a test.
add_library(benchfill STATIC bench/fill.c)
target_link_libraries(benchfill PUBLIC registry)
add_executable(fill bench/fill_main.c)
target_link_libraries(fill PRIVATE benchfill)
add_executable(bench_desk bench/bench_desk.c bench/report.c)
target_link_libraries(bench_desk PRIVATE benchfill desktest Threads::Threads m)
add_dependencies(bench_desk registryd registryctl)
