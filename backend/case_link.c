/* Cases that belong together: one answer names the numbers of all. */
#include "backend/case_priv.h"

#include <string.h>

static enum rc link_to(struct case_doing *d, const char *other, const char *kind, struct err *e)
{
    struct db_param p[] = {DB_STR(d->c->id), DB_STR(other), DB_STR(kind),
                           DB_STR(case_int(d->w->a, d->w->now_ms())), DB_STR(d->who->account)};
    return work_sql(d->w, SQL_CASE_LINK_ADD, p, NULL, e);
}

enum rc case_connex(struct case_doing *d, const char *kind, struct err *e)
{
    struct casefile other;

    TRY(case_get(d->w, d->other, true, &other, e));
    TRY(link_to(d, other.id, kind, e));
    int64_t before = other.version++;
    other.bits |= workflow_flag(&d->w->house->workflows, "connexed") & other.flow->bears;
    TRY(case_save(d->w, &other, before, e));
    struct workflow_given given = {"case_number", d->c->number};
    struct case_happening h = {.who = d->who,
                               .act = kind,
                               .from = other.state,
                               .to = other.state,
                               .given = case_given_json(d->w, &given, 1),
                               .detail = d->c->id};
    return case_event(d->w, &other, &h, e);
}

/* The other case ends where this one does, with this one's answer. */
static enum rc answered_with(struct case_doing *d, const char *id, struct err *e)
{
    struct casefile c;
    struct case_doing o = {.w = d->w, .who = d->who, .c = &c, .act = d->act};

    TRY(case_get(d->w, id, true, &c, e));
    if (strcmp(c.flow->id, d->c->flow->id) != 0)
        return RC_OK; /* of another kind: it has its own answer */
    int64_t before = c.version++;
    o.from = c.state;
    c.state = d->c->state;
    c.entered_ms = d->w->now_ms();
    c.attention = "";
    TRY(case_term_stop(d->w, &c, e));
    TRY(case_notices(&o, d->done.notices, d->done.n_notices, e));
    TRY(case_save(d->w, &c, before, e));
    struct workflow_given given = {"case_number", d->c->number};
    struct case_happening h = {.who = d->who,
                               .act = "answered_with",
                               .from = o.from,
                               .to = c.state,
                               .given = case_given_json(d->w, &given, 1),
                               .detail = d->c->id,
                               .public = true};
    TRY(case_event(d->w, &c, &h, e));
    return case_timers_wind(d->w, &c, e);
}

enum rc case_connexed_answered(struct case_doing *d, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(d->c->id)};

    TRY(work_sql(d->w, SQL_CASE_CONNEXED, p, &r, e));
    for (int i = 0; i < db_rows(r); i++)
        TRY(answered_with(d, arena_str(d->w->a, db_text(r, i, 0)), e));
    return RC_OK;
}
