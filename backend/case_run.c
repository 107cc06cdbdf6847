/* In registryd: cases open within a second of their registration, timers ring, terms follow new holidays. */
#include "backend/case_priv.h"

#include "backend/registry.h"
#include "common/base/log.h"

/* A flood of requests is opened at a walk: numbers and receipts come first, the desk a little later. */
enum { EVERY_MS = 1000, FLOOD_MS = 250, TIMERS_EVERY = 10, OPEN_MOST = 200, TIMERS_MOST = 200 };

struct case_runner {
    uv_timer_t timer;
    struct room *room;
    struct registry *g;
    unsigned ticks;
    bool busy, late;
    int opened, rang, moved; /* of the round */
};

static enum rc holidays(struct work *w, int *moved, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;

    TRY(work_sql(w, SQL_CASE_HOLIDAYS_NEW, NULL, &r, e));
    return db_int(r, 0, 0) ? case_recompute_terms(w, moved, e) : RC_OK;
}

static enum rc round_of(struct work *w, void *user, struct err *e)
{
    struct case_runner *x = user;

    x->opened = x->rang = x->moved = 0;
    TRY(case_open_pending(w, OPEN_MOST, &x->opened, e));
    if (x->ticks % TIMERS_EVERY != 0)
        return RC_OK;
    TRY(holidays(w, &x->moved, e));
    return case_timers(w, TIMERS_MOST, &x->rang, e);
}

static void on_tick(uv_timer_t *t);

static void on_done(const struct err *e, void *user)
{
    struct case_runner *x = user;
    bool closing = uv_is_closing((uv_handle_t *)&x->timer);

    x->busy = false;
    if (e->rc != RC_OK && !x->late && !closing)
        log_err(e, "event=cases_wait");
    x->late = e->rc != RC_OK;
    if (e->rc == RC_OK && x->moved)
        log_info("event=terms_moved cases=%d", x->moved);
    if (e->rc == RC_OK && x->opened == OPEN_MOST && !closing)
        uv_timer_start(&x->timer, on_tick, FLOOD_MS, EVERY_MS);
}

static void go(struct case_runner *x)
{
    const struct room_job job = {.work = round_of, .done = on_done, .user = x};

    x->busy = room_run(x->room, &job, NULL) == RC_OK;
}

static void on_tick(uv_timer_t *t)
{
    struct case_runner *x = t->data;

    x->ticks++;
    if (!x->busy)
        go(x);
}

void case_start(struct registry *g)
{
    const struct room_conf rc = {
        .loop = g->loop, .house = &g->house, .seats = 1, .waiting = 2, .statement_ms = 60000};
    struct case_runner *x = ARENA_NEW(g->arena, struct case_runner);

    x->g = g;
    x->room = room_new(&rc);
    x->timer.data = x;
    uv_timer_init(g->loop, &x->timer);
    uv_timer_start(&x->timer, on_tick, EVERY_MS, EVERY_MS);
    g->cases = x;
}

void case_stop(struct registry *g)
{
    struct case_runner *x = g->cases;

    if (!x)
        return;
    g->cases = NULL;
    uv_close((uv_handle_t *)&x->timer, NULL);
    room_free(x->room);
}
