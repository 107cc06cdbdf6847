/* Work for libuv's threads, so many at once and no more: a thousand terminals that come back after an outage
 * must not fill the threads that answer names, nor the processor. */
#ifndef PRIDVOR_POOL_H
#define PRIDVOR_POOL_H

#include <uv.h>

#include "common/base/base.h"

struct pool_job {
    uv_work_t work;
    struct pool *pool;
    void (*run)(struct pool_job *j);  /* on a thread */
    void (*done)(struct pool_job *j); /* on the loop */
    struct pool_job *next;
};

struct pool {
    uv_loop_t *loop;
    unsigned cap, running;
    struct pool_job *head, **tail; /* waiting */
};

void pool_init(struct pool *p, uv_loop_t *loop, unsigned cap);
/* j stays the caller's and must live until done. */
void pool_submit(struct pool *p, struct pool_job *j);

#endif
