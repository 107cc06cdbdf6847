# The room for blocking work, and what citizens do on the public pages.
pridvor_test(db_room LABEL db SOURCES db/room_test.c LIBS dbtest TIMEOUT 120)
