#include "common/base/pool.h"

void pool_init(struct pool *p, uv_loop_t *loop, unsigned cap)
{
    *p = (struct pool){.loop = loop, .cap = cap};
    p->tail = &p->head;
}

static void on_work(uv_work_t *w)
{
    struct pool_job *j = w->data;
    j->run(j);
}

static void on_done(uv_work_t *w, int status);

static void start(struct pool *p, struct pool_job *j)
{
    p->running++;
    j->pool = p;
    j->work.data = j;
    /* Fails only without a function to run. */
    (void)uv_queue_work(p->loop, &j->work, on_work, on_done);
}

static void on_done(uv_work_t *w, int status)
{
    (void)status;
    struct pool_job *j = w->data;
    struct pool *p = j->pool;
    p->running--;
    struct pool_job *next = p->head;
    if (next != NULL) {
        p->head = next->next;
        if (p->head == NULL)
            p->tail = &p->head;
        start(p, next);
    }
    j->done(j); /* last: it may free the pool's owner */
}

void pool_submit(struct pool *p, struct pool_job *j)
{
    j->next = NULL;
    if (p->running < p->cap) {
        start(p, j);
        return;
    }
    *p->tail = j;
    p->tail = &j->next;
}
