/* Words to colleagues by e-mail, for those who have an address: a case is theirs now, an opinion is wanted,
 * dates are near. Numbers and days only; who it is about stands at the desk. */
#include "backend/case_priv.h"

#include <string.h>

enum { NEAR_DAYS = 3, FROM_HOUR = 7 }; /* working days */

static enum rc owe(struct work *w, const char *account, const char *message, const char *step,
                   const char *vars, struct err *e)
{
    struct db_param p[] = {DB_STR(case_int(w->a, w->now_ms())), DB_STR(account), DB_STR(message),
                           DB_STR(step), DB_STR(vars)};
    return work_sql(w, SQL_CASE_OWE_STAFF, p, NULL, e);
}

static const char *number_and_day(struct work *w, const struct casefile *c, struct date due)
{
    char day[11] = "-";

    if (date_valid(due))
        date_iso(day, due);
    return arena_fmt(w->a, "{\"number\":\"%s\",\"due\":\"%s\"}", c->number, day);
}

/* Nobody hears of what they did themselves. */
enum rc case_staff_assigned(struct work *w, const struct actor *who, const struct casefile *c, struct err *e)
{
    if (!c->assignee || strcmp(c->assignee, who->account) == 0)
        return RC_OK;
    return owe(w, c->assignee, "staff_assigned", arena_fmt(w->a, "%s/%lld", c->id, (long long)c->version),
               number_and_day(w, c, c->due), e);
}

enum rc case_staff_asked(struct work *w, const struct casefile *c, const struct rights_place *at,
                         struct date due, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(at->institution), DB_STR(at->department)};

    TRY(work_sql(w, SQL_CASE_EXPERTS, p, &r, e));
    for (int i = 0; i < db_rows(r); i++)
        TRY(owe(w, db_text(r, i, 0), "staff_opinion",
                arena_fmt(w->a, "%s/%lld", c->id, (long long)c->version), number_and_day(w, c, due), e));
    return RC_OK;
}

/* Once for each absence and office. */
enum rc case_staff_unheld(struct work *w, const struct case_waiting *x, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(case_day(w->a, case_today(w))), DB_STR(x->c->institution),
                           DB_STR(x->c->department)};
    const char *step = arena_fmt(w->a, "%s/%s/%s", x->c->assignee, x->c->department, x->since);
    BUF_SCOPE(vars);

    buf_str(&vars, "{\"colleague\":");
    json_quote(&vars, x->colleague);
    buf_chr(&vars, '}');
    buf_chr(&vars, '\0');
    TRY(work_sql(w, SQL_CASE_HEADS, p, &r, e));
    for (int i = 0; i < db_rows(r); i++)
        TRY(owe(w, db_text(r, i, 0), "staff_unheld", step, vars.p, e));
    return RC_OK;
}

static enum rc digest_inside(struct work *w, struct date today, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct date near = today;

    for (int i = 0; i < NEAR_DAYS; i++)
        do
            near = date_add(near, 1);
        while (term_day_off(w->terms, near));
    struct db_param p[] = {DB_STR(case_day(w->a, today)), DB_STR(case_day(w->a, near)),
                           DB_STR(case_int(w->a, w->now_ms()))};
    TRY(work_sql(w, SQL_CASE_DIGEST, p, &r, e));
    for (int i = 0; i < db_rows(r); i++)
        TRY(owe(w, db_text(r, i, 0), "staff_digest", case_day(w->a, today),
                arena_fmt(w->a, "{\"late\":\"%s\",\"near\":\"%s\"}", db_text(r, i, 1), db_text(r, i, 2)), e));
    return RC_OK;
}

enum rc case_staff_digest(struct work *w, struct err *e)
{
    struct date today = case_today(w);
    int hour, minute;

    time_of_ms(w->now_ms(), &hour, &minute);
    TRY(work_terms(w, e));
    if (hour < FROM_HOUR || term_day_off(w->terms, today))
        return RC_OK;
    TRY(work_begin(w, e));
    return work_end(w, digest_inside(w, today, e), e);
}
