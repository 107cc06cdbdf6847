/* What happens because a day has come: timers of the workflow, escalation up the office tree, terms anew. */
#include "backend/case_priv.h"

#include <stdio.h>
#include <string.h>

#include "common/base/log.h"

enum { RING_MINUTE = 7 * 60, TERMS_AT_ONCE = 200, TRIES_MOST = 3 }; /* nobody gets an SMS at midnight */
#define ESCALATE "escalate."

struct moments {
    struct date opinion, contest, wait, offer, permit;
};

static struct date col_day(const struct db_result *r, int col)
{
    struct date none = {0}, zero = {1970, 1, 1};
    return db_is_null(r, 0, col) ? none : date_add(zero, db_int(r, 0, col));
}

static enum rc moments_of(struct work *w, const struct casefile *c, struct moments *m, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->id)};
    const char *end = case_fact_of(c, "date.permit_end");

    *m = (struct moments){0};
    TRY(work_sql(w, SQL_CASE_MOMENTS, p, &r, e));
    m->opinion = col_day(r, 0);
    m->contest = col_day(r, 1);
    m->wait = col_day(r, 2);
    m->offer = col_day(r, 3);
    if (end && !date_parse(end, &m->permit))
        m->permit = (struct date){0};
    return RC_OK;
}

static struct date base_day(const struct work *w, const struct casefile *c, const struct moments *m,
                            const char *of)
{
    const struct wf_state *s = workflow_state(&w->house->workflows, c->state);
    bool waits = s && strcmp(s->clock, "by_rule") == 0 && date_valid(m->wait);
    const struct {
        const char *word;
        struct date day;
    } days[] = {{"due", waits ? m->wait : c->due}, {"late_after", c->late_after}, {"opinion_due", m->opinion},
                {"contest_due", m->contest},       {"offer_due", m->offer},       {"permit_end", m->permit}};

    for (size_t i = 0; i < COUNT(days); i++)
        if (strcmp(days[i].word, of) == 0)
            return days[i].day;
    return (struct date){0};
}

/* When it rings; 0: it does not run here. */
static int64_t ring_ms(const struct work *w, const struct casefile *c, const struct moments *m,
                       const struct wf_timer *t)
{
    const struct wf_when *x = &t->when;
    int64_t more = (x->offset_days * 24 + x->offset_hours) * 3600000;
    bool runs = false;

    for (size_t i = 0; i < t->n_in; i++)
        runs |= strcmp(t->in[i], c->state) == 0;
    if (!runs)
        return 0;
    if (strcmp(x->of, "registered") == 0)
        return c->registered_ms + more;
    if (strcmp(x->of, "entered") == 0)
        return strcmp(x->state, c->state) == 0 ? c->entered_ms + more : 0;
    struct date d = base_day(w, c, m, x->of);
    return date_valid(d) ? case_ms(date_add(d, x->offset_days), RING_MINUTE) : 0;
}

struct winding {
    struct arena *a;
    const char *names, *times;
};

static void wind(struct winding *x, const char *name, int64_t at)
{
    if (at <= 0)
        return;
    x->names = arena_fmt(x->a, "%s%s%s", x->names, *x->names ? "," : "", name);
    x->times = arena_fmt(x->a, "%s%s%lld", x->times, *x->times ? "," : "", (long long)at);
}

static bool clock_runs(const struct work *w, const struct casefile *c)
{
    const struct wf_state *s = workflow_state(&w->house->workflows, c->state);
    return s && strcmp(s->clock, "runs") == 0 && strcmp(s->kind, "end") != 0;
}

enum rc case_escalations(struct work *w, const struct casefile *c, struct case_escalation **out, size_t *n,
                         struct err *e)
{
    const struct workflows *f = &w->house->workflows;
    struct case_escalation *list = ARENA_ARRAY(w->a, struct case_escalation, f->n_escalation + 1);

    *out = list;
    *n = 0;
    if (!date_valid(c->late_after) || !clock_runs(w, c))
        return RC_OK;
    TRY(work_terms(w, e));
    for (size_t i = 0; i < f->n_escalation; i++) {
        const struct wf_late *l = &f->escalation[i];
        if (l->level <= c->escalated)
            continue;
        TRY(term_compute(w->a, w->terms, l->term, c->late_after, &list[*n].term, e));
        list[(*n)++].late = l;
    }
    return RC_OK;
}

static enum rc wind_escalation(struct winding *x, struct work *w, const struct casefile *c, struct err *e)
{
    struct case_escalation *list;
    size_t n;

    TRY(case_escalations(w, c, &list, &n, e));
    for (size_t i = 0; i < n; i++)
        wind(x, arena_fmt(x->a, ESCALATE "%lld", (long long)list[i].late->level),
             case_ms(list[i].term.due, RING_MINUTE));
    return RC_OK;
}

static enum rc all_rings(struct work *w, const struct casefile *c, struct winding *x, struct err *e)
{
    struct moments m;

    TRY(moments_of(w, c, &m, e));
    for (size_t i = 0; i < c->flow->n_timers; i++)
        wind(x, c->flow->timers[i].id, ring_ms(w, c, &m, &c->flow->timers[i]));
    return wind_escalation(x, w, c, e);
}

enum rc case_timers_wind(struct work *w, const struct casefile *c, struct err *e)
{
    struct winding x = {w->a, "", ""};

    TRY(work_terms(w, e));
    TRY(all_rings(w, c, &x, e));
    struct db_param p[] = {DB_STR(c->id), DB_STR(x.names), DB_STR(x.times),
                           DB_STR(case_int(w->a, c->version)), DB_STR(case_int(w->a, w->now_ms()))};
    return work_sql(w, SQL_CASE_WIND, p, NULL, e);
}

/* ---- ringing ---- */

static enum rc escalate(struct work *w, struct casefile *c, int64_t level, struct err *e)
{
    const struct workflows *f = &w->house->workflows;
    const char *role = "";
    int64_t before = c->version;

    for (size_t i = 0; i < f->n_escalation; i++)
        if (f->escalation[i].level == level)
            role = f->escalation[i].role;
    if (!clock_runs(w, c) || level <= c->escalated)
        return RC_OK;
    c->escalated = level;
    c->attention = "staff_late";
    c->version++;
    TRY(case_save(w, c, before, e));
    struct workflow_given given = {"role", role};
    struct case_happening h = {
        .who = &actor_system, .act = "escalated", .given = case_given_json(w, &given, 1), .detail = role};
    return case_event(w, c, &h, e);
}

static enum rc ring(struct work *w, struct casefile *c, const char *timer, const char *at, struct err *e)
{
    struct case_doing d = {.w = w, .who = &actor_system, .c = c, .from = c->state, .due_before = c->due};
    struct workflow_case as;
    struct workflow_actor nobody;
    struct err no = {0};
    long long level;

    if (sscanf(timer, ESCALATE "%2lld", &level) == 1)
        return escalate(w, c, level, e);
    TRY(case_view(w, &actor_system, c, &as, &nobody, e));
    enum rc rc = workflow_tick(w->a, &w->house->workflows, &as, timer, &d.done, &no);
    if (rc == RC_OK && d.done.now.version == c->version)
        return RC_OK; /* it was said before */
    const struct wf_timer *t = workflow_timer(c->flow, timer);
    if (rc == RC_OK) {
        struct case_act act = {.id = c->id, .action = t->act ? t->act : timer};
        d.act = &act;
        d.rung = t->act ? NULL : arena_fmt(w->a, "%s/%s", timer, at);
        return case_perform(&d, e);
    }
    if (!t || !t->act)
        return RC_OK; /* another state now */
    /* The system may not go on: a colleague has to look. */
    int64_t before = c->version;
    c->attention = "staff_absent";
    c->version++;
    return case_save(w, c, before, e);
}

static enum rc ring_inside(struct work *w, const char *id, const char *timer, const char *at, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct casefile c;
    struct db_param p[] = {DB_STR(id), DB_STR(timer), DB_STR(at), DB_STR(case_int(w->a, w->now_ms()))};

    TRY(case_lock(w, id, NULL, e));
    TRY(case_get(w, id, true, &c, e));
    TRY(work_sql(w, SQL_CASE_TIMER_RING, p, &r, e));
    if (db_rows(r) != 1)
        return RC_OK; /* another process, or put aside meanwhile */
    TRY(ring(w, &c, timer, at, e));
    return case_timers_wind(w, &c, e);
}

enum rc case_timers(struct work *w, int most, int *done, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(case_int(w->a, w->now_ms())), DB_STR(case_int(w->a, most))};

    *done = 0;
    TRY(work_sql(w, SQL_CASE_TIMERS_DUE, p, &r, e));
    for (int i = 0; i < db_rows(r); i++) {
        struct err bad = {0};
        const char *id = arena_str(w->a, db_text(r, i, 0));
        TRY(work_begin(w, e));
        enum rc rc = work_end(w, ring_inside(w, id, db_text(r, i, 1), db_text(r, i, 2), &bad), &bad);
        if (rc != RC_OK && db_sync_broken(w->db))
            return err_set(e, rc, "%s", bad.text);
        if (rc != RC_OK)
            TRY(case_timer_failed(w, &(struct case_ring){id, db_text(r, i, 1), db_text(r, i, 2)}, &bad, e));
        *done += rc == RC_OK;
    }
    return RC_OK;
}

enum rc case_late_lifted(struct work *w, const struct casefile *c, uint64_t bits, struct date due,
                         struct err *e)
{
    uint64_t late = workflow_flag(&w->house->workflows, "late");
    const char *before = case_day(w->a, due), *now = case_day(w->a, c->due);
    struct workflow_given given[] = {{"before", before ? before : ""}, {"due", now ? now : ""}};
    struct case_happening h = {.who = &actor_system,
                               .act = "late_lifted",
                               .given = case_given_json(w, given, COUNT(given)),
                               .detail = "late",
                               .public = true};
    struct db_param p[] = {DB_STR(c->id)};

    if (!(bits & ~c->bits & late))
        return RC_OK;
    TRY(work_sql(w, SQL_CASE_LATE_AGAIN, p, NULL, e));
    return case_event(w, c, &h, e);
}

/* ---- terms anew ---- */

static enum rc again_inside(struct work *w, const char *id, bool *moved, struct err *e)
{
    struct casefile c;
    char before[11] = "", now[11] = "";
    bool tasks;

    TRY(case_get(w, id, true, &c, e));
    int64_t version = c.version;
    uint64_t bits = c.bits;
    struct date due = c.due;
    if (date_valid(c.due))
        date_iso(before, c.due);
    TRY(case_terms_again(w, &c, NULL, moved, e));
    TRY(case_tasks_again(w, &c, &tasks, e));
    bool main = *moved;
    *moved |= tasks;
    if (!*moved)
        return case_timers_wind(w, &c, e); /* nobody is called on the new day off */
    c.version++;
    if (date_valid(c.due))
        date_iso(now, c.due);
    TRY(case_save(w, &c, version, e));
    struct workflow_given given[] = {{"before", before}, {"due", now}};
    struct case_happening h = {.who = &actor_system,
                               .act = "terms_moved",
                               .given = case_given_json(w, given, 2),
                               .detail = arena_fmt(w->a, "%s %s", before, now),
                               .public = main};
    TRY(case_event(w, &c, &h, e));
    TRY(case_late_lifted(w, &c, bits, due, e));
    return case_timers_wind(w, &c, e);
}

/* What cannot be counted anew is for a person; a statement that only came at a bad moment is tried again. */
static enum rc again_one(struct work *w, const char *id, bool *moved, struct err *e)
{
    struct err bad = {0};
    enum rc rc = RC_UNAVAILABLE;

    for (int i = 0; i < TRIES_MOST && rc == RC_UNAVAILABLE; i++) {
        *moved = false;
        bad = (struct err){0};
        TRY(work_begin(w, e));
        rc = work_end(w, again_inside(w, id, moved, &bad), &bad);
        if (rc != RC_OK && db_sync_broken(w->db))
            return err_set(e, rc, "%s", bad.text);
    }
    if (rc == RC_OK)
        return RC_OK;
    *moved = false;
    log_err(&bad, "event=terms_failed case=%s", id);
    return case_stuck(w, id, "terms_stuck", rc_name(rc), e);
}

/* Memory of its own for each handful: a county has hundreds of thousands of cases. */
static enum rc again_some(struct work *all, char last[UUID_LEN], int *moved, int *n, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct work w = *all;
    ARENA_SCOPE(a);

    w.a = a;
    struct db_param p[] = {DB_STR(*last ? last : NULL), DB_STR(case_int(a, TERMS_AT_ONCE))};
    TRY(work_sql(&w, SQL_CASE_OPEN_TERMS, p, &r, e));
    *n = db_rows(r);
    for (int i = 0; i < *n; i++) {
        bool one = false;
        snprintf(last, UUID_LEN, "%s", db_text(r, i, 0));
        TRY(again_one(&w, last, &one, e));
        *moved += one;
    }
    return RC_OK;
}

enum rc case_recompute_terms(struct work *w, int *moved, struct err *e)
{
    struct db_result *off SCOPED(db_result_freep) = NULL;
    char last[UUID_LEN] = "";
    int n;

    *moved = 0;
    TRY(work_sql(w, SQL_CASE_HOLIDAYS_NEW, NULL, &off, e)); /* before they are read: none is passed over */
    w->terms = NULL;
    TRY(work_terms(w, e));
    do
        TRY(again_some(w, last, moved, &n, e));
    while (n);
    struct db_param p[] = {DB_STR(case_int(w->a, w->now_ms())), DB_STR(db_text(off, 0, 0))};
    return work_sql(w, SQL_CASE_HOLIDAYS_DONE, p, NULL, e);
}
