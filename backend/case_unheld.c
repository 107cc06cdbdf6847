/* Work whose person is away, gone or elsewhere, with nobody in their place: it shows among what asks for a
 * look, and the head of the office hears of it. Looked at again and again, so that it holds however it came
 * about. */
#include "backend/case_priv.h"

#include <string.h>

static const char *casework(const struct work *w)
{
    const struct wf_words *roles = &w->house->workflows.roles;
    const char *out = "";

    for (size_t i = 0; i < roles->n; i++)
        out = arena_fmt(w->a, "%s%s%s", out, *out ? "," : "", roles->items[i].id);
    return out;
}

static const char *running(const struct work *w)
{
    const struct workflows *f = &w->house->workflows;
    const char *out = "";

    for (size_t i = 0; i < f->n_states; i++)
        if (strcmp(f->states[i].clock, "runs") == 0)
            out = arena_fmt(w->a, "%s%s%s", out, *out ? "," : "", f->states[i].id);
    return out;
}

static enum rc unheld_one(struct work *w, const struct db_result *r, int i, struct err *e)
{
    struct arena *a = w->a;
    const struct casefile c = {.id = arena_str(a, db_text(r, i, 0)),
                               .institution = arena_str(a, db_text(r, i, 1)),
                               .version = db_int(r, i, 2),
                               .department = arena_str(a, db_text(r, i, 3)),
                               .assignee = arena_str(a, db_text(r, i, 4))};
    const struct case_waiting x = {&c, arena_str(a, db_text(r, i, 6)), arena_str(a, db_text(r, i, 5))};
    struct workflow_given given[] = {{"assignee", c.assignee}, {"since", x.since}};
    struct case_happening h = {.who = &actor_system,
                               .act = "unheld",
                               .given = case_given_json(w, given, COUNT(given)),
                               .detail = c.assignee};

    TRY(case_event(w, &c, &h, e));
    return case_staff_unheld(w, &x, e);
}

static enum rc unheld_inside(struct work *w, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    const char *today = case_day(w->a, case_today(w));
    const char *roles = casework(w);
    struct db_param held[] = {DB_STR(today), DB_STR(roles)};
    struct db_param p[] = {DB_STR(today), DB_STR(roles), DB_STR(running(w)),
                           DB_STR(case_int(w->a, w->now_ms()))};

    TRY(work_sql(w, SQL_CASE_HELD, held, NULL, e));
    TRY(work_sql(w, SQL_CASE_UNHELD, p, &r, e));
    for (int i = 0; i < db_rows(r); i++)
        if (db_text(r, i, 7)[0] != 't')
            TRY(unheld_one(w, r, i, e));
    return RC_OK;
}

enum rc case_unheld(struct work *w, struct err *e)
{
    TRY(work_begin(w, e));
    return work_end(w, unheld_inside(w, e), e);
}
