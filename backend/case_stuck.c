/* What the system could not do by itself: tried again, each time later, then told to a person. Nothing of it
 * stops what waits behind. */
#include "backend/case_priv.h"

#include "common/base/log.h"

enum { RINGS_MOST = 6 }; /* half an hour */

static enum rc stuck_inside(struct work *w, const char *id, const char *act, const char *detail,
                            struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(id), DB_STR("staff_stuck")};
    struct casefile c = {.id = id};
    struct case_happening h = {.who = &actor_system, .act = act, .detail = detail};

    /* The row may be what cannot be read: it is not read here. */
    TRY(work_sql(w, SQL_CASE_STUCK, p, &r, e));
    if (db_rows(r) != 1)
        return RC_OK; /* ended meanwhile */
    c.institution = arena_str(w->a, db_text(r, 0, 0));
    c.version = db_int(r, 0, 1);
    return case_event(w, &c, &h, e);
}

enum rc case_stuck(struct work *w, const char *id, const char *act, const char *detail, struct err *e)
{
    TRY(work_begin(w, e));
    return work_end(w, stuck_inside(w, id, act, detail, e), e);
}

static enum rc failed_inside(struct work *w, const struct case_ring *x, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(x->id), DB_STR(x->timer), DB_STR(x->at),
                           DB_STR(case_int(w->a, w->now_ms())), DB_STR(case_int(w->a, RINGS_MOST))};

    TRY(work_sql(w, SQL_CASE_TIMER_FAILED, p, &r, e));
    if (db_rows(r) != 1 || db_text(r, 0, 0)[0] != 't')
        return RC_OK;
    return stuck_inside(w, x->id, "timer_stuck", x->timer, e);
}

enum rc case_timer_failed(struct work *w, const struct case_ring *x, const struct err *why, struct err *e)
{
    log_err(why, "event=timer_failed case=%s timer=%s", x->id, x->timer);
    TRY(work_begin(w, e));
    return work_end(w, failed_inside(w, x, e), e);
}

enum rc case_figures(struct work *w, struct case_stats *out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;

    TRY(work_sql(w, SQL_CASE_FIGURES, NULL, &r, e));
    *out = (struct case_stats){db_int(r, 0, 0), db_int(r, 0, 1)};
    return RC_OK;
}
