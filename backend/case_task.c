/* What is asked of others while the case goes on. */
#include "backend/case_priv.h"

#include <string.h>

struct asking {
    const char *kind, *institution, *department;
    bool binding;
    const char *rule; /* of terms.json, from today; TASK_OF_CASE: the term of the case */
};
#define TASK_OF_CASE "case"

static enum rc ask(struct case_doing *d, const struct asking *x, struct err *e)
{
    struct arena *a = d->w->a;
    bool own = strcmp(x->rule, TASK_OF_CASE) != 0;
    struct term t = {.due = d->c->due};

    TRY(work_terms(d->w, e));
    if (own)
        TRY(term_compute(a, d->w->terms, x->rule, case_today(d->w), &t, e));
    struct db_param p[] = {DB_STR(d->c->id),
                           DB_STR(x->kind),
                           DB_STR(x->institution),
                           DB_STR(x->department),
                           DB_STR(x->binding ? "true" : "false"),
                           DB_STR(case_int(a, d->w->now_ms())),
                           DB_STR(d->who->account),
                           DB_STR(case_day(a, t.due)),
                           DB_STR(x->rule),
                           DB_STR(own ? case_tr_json(a, &t.why) : NULL),
                           DB_STR(own ? case_tr_json(a, &t.calc) : NULL)};
    const struct rights_place at = {.institution = x->institution, .department = x->department};

    TRY(work_sql(d->w, SQL_CASE_TASK_ADD, p, NULL, e));
    return strcmp(x->kind, "opinion") == 0 ? case_staff_asked(d->w, d->c, &at, t.due, e) : RC_OK;
}

static const char *opinion_rule(const struct casefile *c)
{
    return jval_str(c->flow->meta, "opinion_rule", "policy.opinion");
}

/* Their days, too, follow a new holiday: silence counts, and must not count too early. */
enum rc case_tasks_again(struct work *w, const struct casefile *c, bool *moved, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->id)};
    const struct date zero = {1970, 1, 1};
    struct term t;

    *moved = false;
    TRY(work_terms(w, e));
    TRY(work_sql(w, SQL_CASE_TASKS_ASKED, p, &r, e));
    for (int i = 0; i < db_rows(r); i++) {
        TRY(term_compute(w->a, w->terms, db_text(r, i, 3), date_add(zero, db_int(r, i, 1)), &t, e));
        bool same = date_days(t.due) == db_int(r, i, 2);
        if (same && db_text(r, i, 4)[0] == 'f')
            continue;
        struct db_param move[] = {DB_STR(db_text(r, i, 0)), DB_STR(case_day(w->a, t.due)),
                                  DB_STR(case_tr_json(w->a, &t.why)), DB_STR(case_tr_json(w->a, &t.calc))};
        TRY(work_sql(w, SQL_CASE_TASK_MOVE, move, NULL, e));
        *moved |= !same;
    }
    return RC_OK;
}

enum rc case_task_opinions(struct case_doing *d, struct err *e)
{
    const struct jval *list = jval_get(jval_get(d->c->flow->meta, "opinions"), d->c->service);
    struct asking x = {.kind = "opinion", .rule = opinion_rule(d->c)};

    for (size_t i = 0; list && i < list->n; i++) {
        const struct jval *who = &list->items[i];
        x.institution = jval_str(who, "institution", d->c->institution);
        x.department = jval_str(who, "department", "");
        x.binding = jval_bool(who, "binding", false);
        TRY(ask(d, &x, e));
    }
    return RC_OK;
}

enum rc case_task_visit(struct case_doing *d, struct err *e)
{
    bool urgent = d->c->bits & workflow_flag(&d->w->house->workflows, "urgent");
    struct asking x = {.kind = "visit", .institution = d->c->institution, .department = d->c->department};

    x.rule = urgent ? "policy.visit_urgent" : date_valid(d->c->due) ? TASK_OF_CASE : "policy.visit";
    return ask(d, &x, e);
}

/* The same day. */
enum rc case_task_child(struct case_doing *d, struct err *e)
{
    struct asking x = {"child", d->c->institution, "asistenta_sociala", true, "policy.child"};

    return ask(d, &x, e);
}

/* The county's opinion, or a record of another office. */
enum rc case_task_elsewhere(struct case_doing *d, const char *message, struct err *e)
{
    const char *to = case_given(d, "institution"), *parent = NULL;
    bool opinion = strcmp(message, "staff_county_opinion") == 0;
    struct asking x = {opinion ? "opinion" : "record", to, d->c->department, opinion, opinion_rule(d->c)};
    struct tr name;

    if (!to) {
        TRY(case_institution(d->w, d->c->institution, &name, &parent, e));
        x.institution = *parent ? parent : d->c->institution;
    }
    return ask(d, &x, e);
}
