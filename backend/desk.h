/* The listener for those who work in the town hall: pages and their API over HTTPS, browsers without
 * certificates. The loop takes a request and gives the answer; in between it is a job on a thread of its own
 * with a connection of its own, and nothing is shared but what never changes. What no route of the table
 * names does not exist, and a route that does not say who may call it does not start. */
#ifndef PRIDVOR_DESK_H
#define PRIDVOR_DESK_H

#include <uv.h>

#include "backend/work.h"

struct desk;

/* RC_STATE: a route without a right, or with one that configs/roles.json does not have. house outlives it. */
MUST enum rc desk_new(uv_loop_t *loop, const struct work_house *house, struct desk **out, struct err *e);
MUST enum rc desk_listen(struct desk *d, struct err *e); /* answers "later" until desk_start */
void desk_start(struct desk *d);                         /* the database is ready */
void desk_stop(struct desk *d);
void desk_free(struct desk *d); /* after the loop has run; NULL is fine */
int desk_port(const struct desk *d);
struct desk_figures {
    uint64_t jobs, refused, turned_away; /* refused: 4xx; turned away: 503 */
    unsigned waiting;
};
struct desk_figures desk_figures(const struct desk *d);

#endif
