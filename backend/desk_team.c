/* Who carries what, and who is away. */
#include <string.h>

#include "backend/desk_priv.h"
#include "backend/sql.h"

enum { LATE_DAYS = 365 };

struct team_in {
    const char *department;
};
static const struct jfield team_fields[] = {JF_STR(struct team_in, department, 0, 0, 64)};
JDESC(desk_team_in, struct team_in, team_fields);

static enum rc as_json(struct desk_call *c, enum sql_id id, const struct db_param *p, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;

    TRY(work_sql(c->w, id, p, &r, e));
    js_raw(&c->out, NULL, db_text(r, 0, 0));
    return RC_OK;
}

enum rc desk_team(struct desk_call *c, const void *in, struct err *e)
{
    static const char *const roles[] = {"clerk",  "registrar", "head",    "officer",
                                        "expert", "field",     "approver"};
    const struct team_in *t = in;
    struct desk_scope scope;
    char today[11];

    date_iso(today, date_of_ms(c->w->now_ms()));
    TRY(desk_scope(c, "team.view", &scope, e));
    struct db_param p[] = {
        scope.institutions,
        scope.departments,
        DB_STR(t->department && *t->department ? t->department : NULL),
        DB_STR(today),
        desk_texts(c->w->a, roles, COUNT(roles)),
    };
    return as_json(c, SQL_DESK_TEAM, p, e);
}

/* Went to another institution after the law's day. */
enum rc desk_team_late(struct desk_call *c, const void *in, struct err *e)
{
    const struct team_in *t = in;
    struct desk_scope scope;
    char since[11];

    date_iso(since, date_add(date_of_ms(c->w->now_ms()), -LATE_DAYS));
    TRY(desk_scope(c, "team.view", &scope, e));
    struct db_param p[] = {scope.institutions, scope.departments, DB_STR(since),
                           DB_STR(t->department && *t->department ? t->department : NULL)};
    return as_json(c, SQL_DESK_FORWARDED_LATE, p, e);
}

enum rc desk_delegations(struct desk_call *c, const void *in, struct err *e)
{
    struct desk_scope scope;
    char today[11];

    (void)in;
    date_iso(today, date_of_ms(c->w->now_ms()));
    TRY(desk_scope(c, "team.delegate", &scope, e));
    struct db_param p[] = {scope.institutions, scope.departments, DB_STR(c->who.account), DB_STR(today)};
    return as_json(c, SQL_DESK_DELEGATIONS, p, e);
}
