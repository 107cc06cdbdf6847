# The room for blocking work, and what citizens do on the public pages.
pridvor_test(db_room LABEL db SOURCES db/room_test.c LIBS dbtest TIMEOUT 120)
pridvor_test(db_public LABEL db SOURCES db/public_test.c db/public_rig.c LIBS dbtest TIMEOUT 300)
pridvor_test(db_public_repair LABEL db SOURCES db/public_repair_test.c db/public_rig.c LIBS dbtest TIMEOUT 300)
add_dependencies(db_public registryd registryctl)
add_dependencies(db_public_repair registryd registryctl)
pridvor_test(db_public_kiosk LABEL db SOURCES db/public_kiosk_test.c db/public_rig.c LIBS dbtest TIMEOUT 300)
add_dependencies(db_public_kiosk registryd registryctl)
# For tests/ui/public.mjs.
add_executable(public_house db/public_house.c db/public_rig.c)
target_link_libraries(public_house PRIVATE dbtest)
add_dependencies(public_house registryd registryctl)
pridvor_test(db_public_number LABEL db SOURCES db/public_number_test.c db/public_rig.c LIBS dbtest TIMEOUT 300)
add_dependencies(db_public_number registryd registryctl)
