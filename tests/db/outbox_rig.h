/* registryd with its outbox, and messages owed straight from SQL. */
#ifndef PRIDVOR_TEST_OUTBOX_RIG_H
#define PRIDVOR_TEST_OUTBOX_RIG_H

#include "tests/db/posthouse.h"
#include "tests/db/server.h"

/* Post office and register, both running and known to each other. Ends the test as skipped where there is
 * none. */
void rig_make(struct server *s, struct posthouse *p);
/* Requests from..to, each owing one message; %d in the address is the request's number. */
void rig_owe(struct server *s, int from, int to, const char *way, const char *address);
/* The same of one request, with the other way to go when the address is refused: both stand there at once. */
void rig_owe_or(struct server *s, int n, const char *way, const char *address, const char *fallback);
/* Until no message is open, or the deadline; how many are left. */
long rig_drain(struct server *s, int64_t ms);
long rig_count(struct server *s, const char *where);

#endif
