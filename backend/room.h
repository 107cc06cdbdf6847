/* Where blocking work is done: a few seats, each with a connection of its own, on the threads of the loop's
 * pool. Jobs wait for a free seat in their order; when too many wait, the next is refused at once. */
#ifndef PRIDVOR_ROOM_H
#define PRIDVOR_ROOM_H

#include <uv.h>

#include "backend/work.h"

struct room;
struct room_conf {
    uv_loop_t *loop;
    const struct work_house *house;
    unsigned seats, waiting; /* 0: 2 and 64 */
    int64_t statement_ms;    /* the database gives up a statement after it; 0: 10000 */
    int64_t (*now_ms)(void); /* NULL: unix_ms */
};
struct room_job {
    /* On a thread. Everything it makes lives in w->a, until done has returned. */
    enum rc (*work)(struct work *w, void *user, struct err *e);
    /* On the loop, exactly once, never from inside room_run. e->rc is what work returned; RC_UNAVAILABLE also
     * when there is no database or the program ends. */
    void (*done)(const struct err *e, void *user);
    void *user;
};

struct room *room_new(const struct room_conf *conf); /* connects when the first job comes */
/* RC_BUSY: too many wait (no callback). */
MUST enum rc room_run(struct room *r, const struct room_job *job, struct err *e);
unsigned room_pending(const struct room *r); /* waiting and running */
/* Jobs that wait are told; those that run end first, then the memory goes with the loop. NULL is fine. */
void room_free(struct room *r);

#endif
