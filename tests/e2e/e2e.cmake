add_library(citizen STATIC e2e/api.c e2e/citizen.c)
target_link_libraries(citizen PUBLIC base)
add_executable(walk e2e/walk.c)
target_link_libraries(walk PRIVATE citizen)
