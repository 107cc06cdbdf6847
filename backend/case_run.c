/* In registryd: cases open within a second of their registration, timers ring, terms follow new holidays. */
#include "backend/case_priv.h"

#include <stddef.h>

#include "backend/registry.h"
#include "common/base/log.h"

/* What a flood left behind is opened at a walk, and while it lasts only a few: numbers and receipts come
 * first, the desk a little later. */
enum { EVERY_MS = 1000, CATCH_UP_MS = 250, TIMERS_EVERY = 10, OPEN_MOST = 200, TIMERS_MOST = 200 };
enum { FLOOD_PER_S = 500, OPEN_FLOOD = 20 };

/* One round: the loop says what is to be done, a thread does it and leaves what it found; between them the
 * room hands it over, so that at any time only one of the two has it. */
struct round {
    bool wake, timers;
    int opened, rang, moved;
    struct case_stats seen;
    int64_t audit_id, audit_ms; /* how far the audit was, and when */
};
struct case_runner {
    uv_timer_t timer;
    struct room *room;
    struct registry *g;
    struct round round; /* the thread's while busy */
    struct case_stats stats;
    unsigned ticks; /* since the timers rang */
    bool woken, busy, late;
};

static enum rc holidays(struct work *w, int *moved, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;

    TRY(work_sql(w, SQL_CASE_HOLIDAYS_NEW, NULL, &r, e));
    return db_is_null(r, 0, 0) ? RC_OK : case_recompute_terms(w, moved, e);
}

static enum rc flooded(struct work *w, struct round *x, bool *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    int64_t now = mono_ms();

    TRY(work_sql(w, SQL_CASE_FLOOD, NULL, &r, e));
    int64_t id = db_int(r, 0, 0);
    *out = x->audit_ms && (id - x->audit_id) * 1000 > FLOOD_PER_S * (now - x->audit_ms);
    x->audit_id = id;
    x->audit_ms = now;
    return RC_OK;
}

static enum rc round_of(struct work *w, void *user, struct err *e)
{
    struct round *x = user;
    bool flood;

    if (x->wake)
        TRY(case_wake_unopened(w, e));
    TRY(flooded(w, x, &flood, e));
    TRY(case_open_pending(w, flood ? OPEN_FLOOD : OPEN_MOST, &x->opened, e));
    if (!x->timers)
        return RC_OK;
    TRY(case_figures(w, &x->seen, e));
    TRY(holidays(w, &x->moved, e));
    TRY(case_timers(w, TIMERS_MOST, &x->rang, e));
    TRY(case_unheld(w, e));
    return case_staff_digest(w, e);
}

static void on_tick(uv_timer_t *t);

static struct case_runner *runner_of(struct round *r)
{
    return (struct case_runner *)(void *)((char *)r - offsetof(struct case_runner, round));
}

static void on_done(const struct err *e, void *user)
{
    struct case_runner *x = runner_of(user);
    bool closing = uv_is_closing((uv_handle_t *)&x->timer), good = e->rc == RC_OK;

    x->busy = false;
    if (!good && !x->late && !closing)
        log_err(e, "event=cases_wait");
    x->late = !good;
    x->woken |= good;
    if (good && x->round.timers) {
        x->ticks = 0;
        x->stats = x->round.seen;
    }
    if (good && x->round.moved)
        log_info("event=terms_moved cases=%d", x->round.moved);
    if (good && x->round.opened == OPEN_MOST && !closing)
        uv_timer_start(&x->timer, on_tick, CATCH_UP_MS, EVERY_MS);
}

static void go(struct case_runner *x)
{
    const struct room_job job = {.work = round_of, .done = on_done, .user = &x->round};

    x->round = (struct round){.wake = !x->woken,
                              .timers = !x->woken || x->ticks >= TIMERS_EVERY,
                              .audit_id = x->round.audit_id,
                              .audit_ms = x->round.audit_ms};
    x->busy = room_run(x->room, &job, NULL) == RC_OK;
}

static void on_tick(uv_timer_t *t)
{
    struct case_runner *x = t->data;

    x->ticks++;
    if (!x->busy)
        go(x);
}

void case_metrics(struct buf *out, const struct registry *g)
{
    if (!g->cases)
        return;
    buf_fmt(out,
            "# HELP pridvor_requests_unopened Registered requests of which no case could be made.\n"
            "# TYPE pridvor_requests_unopened gauge\npridvor_requests_unopened %lld\n"
            "# HELP pridvor_case_timers_stuck Timers of cases that failed too often; the cases ask for "
            "attention.\n"
            "# TYPE pridvor_case_timers_stuck gauge\npridvor_case_timers_stuck %lld\n",
            (long long)g->cases->stats.unopened, (long long)g->cases->stats.stuck);
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
