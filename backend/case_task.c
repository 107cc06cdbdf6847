/* What is asked of others while the case goes on. */
#include "backend/case_priv.h"

#include <string.h>

struct asking {
    const char *kind, *institution, *department;
    bool binding;
    struct date due;
};

static enum rc ask(struct case_doing *d, const struct asking *x, struct err *e)
{
    struct arena *a = d->w->a;
    struct db_param p[] = {DB_STR(d->c->id),
                           DB_STR(x->kind),
                           DB_STR(x->institution),
                           DB_STR(x->department),
                           DB_STR(x->binding ? "true" : "false"),
                           DB_STR(case_int(a, d->w->now_ms())),
                           DB_STR(d->who->account),
                           DB_STR(case_day(a, x->due))};
    const struct rights_place at = {.institution = x->institution, .department = x->department};

    TRY(work_sql(d->w, SQL_CASE_TASK_ADD, p, NULL, e));
    return strcmp(x->kind, "opinion") == 0 ? case_staff_asked(d->w, d->c, &at, x->due, e) : RC_OK;
}

static enum rc day_of(struct work *w, const struct casefile *c, struct date asked, struct date *due,
                      struct err *e)
{
    const char *rule = jval_str(c->flow->meta, "opinion_rule", "policy.opinion");
    struct term t;

    TRY(work_terms(w, e));
    TRY(term_compute(w->a, w->terms, rule, asked, &t, e));
    *due = t.due;
    return RC_OK;
}

static enum rc opinion_day(struct case_doing *d, struct date *due, struct err *e)
{
    return day_of(d->w, d->c, case_today(d->w), due, e);
}

/* Their days, too, follow a new holiday: silence counts, and must not count too early. */
enum rc case_tasks_again(struct work *w, const struct casefile *c, bool *moved, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->id)};
    const struct date zero = {1970, 1, 1};
    struct date due;

    *moved = false;
    TRY(work_sql(w, SQL_CASE_TASKS_ASKED, p, &r, e));
    for (int i = 0; i < db_rows(r); i++) {
        TRY(day_of(w, c, date_add(zero, db_int(r, i, 1)), &due, e));
        if (date_days(due) == db_int(r, i, 2))
            continue;
        struct db_param move[] = {DB_STR(db_text(r, i, 0)), DB_STR(case_day(w->a, due))};
        TRY(work_sql(w, SQL_CASE_TASK_MOVE, move, NULL, e));
        *moved = true;
    }
    return RC_OK;
}

enum rc case_task_opinions(struct case_doing *d, struct err *e)
{
    const struct jval *list = jval_get(jval_get(d->c->flow->meta, "opinions"), d->c->service);
    struct asking x = {.kind = "opinion"};

    TRY(opinion_day(d, &x.due, e));
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
    struct date today = case_today(d->w);
    bool urgent = d->c->bits & workflow_flag(&d->w->house->workflows, "urgent");
    struct asking x = {"visit", d->c->institution, d->c->department, false,
                       urgent                  ? date_add(today, 1)
                       : date_valid(d->c->due) ? d->c->due
                                               : date_add(today, 10)};

    return ask(d, &x, e);
}

/* The same day. */
enum rc case_task_child(struct case_doing *d, struct err *e)
{
    struct asking x = {"child", d->c->institution, "asistenta_sociala", true, case_today(d->w)};

    return ask(d, &x, e);
}

/* The county's opinion, or a record of another office. */
enum rc case_task_elsewhere(struct case_doing *d, const char *message, struct err *e)
{
    const char *to = case_given(d, "institution"), *parent = NULL;
    bool opinion = strcmp(message, "staff_county_opinion") == 0;
    struct asking x = {opinion ? "opinion" : "record", to, d->c->department, opinion, {0}};
    struct tr name;

    if (!to) {
        TRY(case_institution(d->w, d->c->institution, &name, &parent, e));
        x.institution = *parent ? parent : d->c->institution;
    }
    TRY(opinion_day(d, &x.due, e));
    return ask(d, &x, e);
}
