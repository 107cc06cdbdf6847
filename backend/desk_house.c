/* What the house is made of and what it wrote down: institutions, services, days off, audit, messages, and
 * why somebody may or may not. */
#include <stdio.h>
#include <string.h>

#include "backend/desk_priv.h"
#include "backend/sql.h"

static enum rc as_json(struct desk_call *c, enum sql_id id, const struct db_param *p, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;

    TRY(work_sql(c->w, id, p, &r, e));
    js_raw(&c->out, NULL, db_rows(r) ? db_text(r, 0, 0) : "[]");
    return RC_OK;
}

enum rc desk_institutions(struct desk_call *c, const void *in, struct err *e)
{
    (void)in;
    return as_json(c, SQL_DESK_INSTITUTIONS, NULL, e);
}

/* ---- services ---- */

static void versions(struct desk_call *c, const struct service *s)
{
    const struct catalog *all = &c->w->house->catalog;

    js_open(&c->out, "versions", '[');
    for (size_t i = 0; i < all->n_old; i++)
        if (strcmp(all->old[i].id, s->id) == 0)
            js_int(&c->out, NULL, all->old[i].version);
    js_int(&c->out, NULL, s->version);
    js_close(&c->out, ']');
}

enum rc desk_services(struct desk_call *c, const void *in, struct err *e)
{
    const struct catalog *all = &c->w->house->catalog;
    struct desk_scope entry;

    (void)in;
    TRY(desk_scope(c, "register.enter", &entry, e));
    js_open(&c->out, NULL, '[');
    for (size_t i = 0; i < all->n; i++) {
        const struct service *s = &all->services[i];
        js_open(&c->out, NULL, '{');
        js_str(&c->out, "id", s->id);
        js_tr(&c->out, "name", &s->name);
        js_int(&c->out, "version", s->version);
        versions(c, s);
        js_str(&c->out, "department", s->department);
        js_str(&c->out, "term", s->term);
        js_str(&c->out, "workflow", s->workflow);
        js_bool(&c->out, "enter", desk_reaches(&entry, c->who.institution, s->department));
        js_close(&c->out, '}');
    }
    js_close(&c->out, ']');
    return RC_OK;
}

/* ---- days off ---- */

struct holiday_in {
    const char *day, *name, *kind;
};
static const char *const kinds[] = {"declared", NULL};
static const struct jfield holiday_fields[] = {
    JF_STR(struct holiday_in, day, J_REQ, 10, 10),
    JF_STR(struct holiday_in, name, J_REQ, 1, 200),
    JF_WORD(struct holiday_in, kind, 0, kinds),
};
JDESC(desk_holiday_in, struct holiday_in, holiday_fields);

/* All days that terms are counted with: those of the law by name, and what was declared here. */
enum rc desk_holidays(struct desk_call *c, const void *in, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    size_t n;
    const struct term_holiday *legal = terms_holidays(c->w->house->terms, &n);

    (void)in;
    TRY(work_sql(c->w, SQL_DESK_HOLIDAYS, NULL, &r, e));
    js_open(&c->out, NULL, '[');
    for (size_t i = 0; i < n; i++) {
        char day[11];
        date_iso(day, legal[i].day);
        js_open(&c->out, NULL, '{');
        js_str(&c->out, "day", day);
        js_str(&c->out, "kind", "legal");
        js_tr(&c->out, "name", &legal[i].name);
        js_close(&c->out, '}');
    }
    for (int i = 0; i < db_rows(r); i++)
        js_raw(&c->out, NULL, db_text(r, i, 0));
    js_close(&c->out, ']');
    return RC_OK;
}

static enum rc for_all(struct desk_call *c, struct err *e)
{
    static const struct tr no = {{"O zi liberă este pentru toate instituțiile registrului: o declară un "
                                  "administrator al întregului județ.",
                                  "A munkaszüneti nap a nyilvántartás összes intézményére érvényes: az egész "
                                  "megye rendszergazdája rögzíti.",
                                  "A day off holds for all institutions of the register: an administrator of "
                                  "the whole county declares it."}};
    bool yes;

    TRY(desk_reaches_all(c, &yes, e));
    if (yes)
        return RC_OK;
    c->w->say = no;
    return err_set(e, RC_DENIED, "a day off is for all institutions");
}

static enum rc holiday_put(struct desk_call *c, const struct holiday_in *h, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(h->day), DB_STR(h->name), DB_STR(c->who.account)};
    struct work_log log = {c->who.institution, NULL, "holiday added", h->day};

    TRY(work_sql(c->w, SQL_DESK_HOLIDAY_LOCK, NULL, NULL, e));
    TRY(work_sql(c->w, SQL_DESK_HOLIDAY_ADD, p, &r, e));
    if (db_rows(r) != 1)
        return err_at(e, RC_CONFLICT, "day", "a day off already");
    return work_audit(c->w, &c->who, &log, e);
}

enum rc desk_holiday_add(struct desk_call *c, const void *in, struct err *e)
{
    const struct holiday_in *h = in;
    struct date day;

    TRY(for_all(c, e));
    if (!date_parse(h->day, &day))
        return err_at(e, RC_BAD_FIELD, "day", "not a day, YYYY-MM-DD");
    TRY(work_begin(c->w, e));
    TRY(work_end(c->w, holiday_put(c, h, e), e));
    return desk_holidays(c, NULL, e);
}

struct holiday_day {
    const char *day;
};
static const struct jfield day_fields[] = {JF_STR(struct holiday_day, day, J_REQ, 10, 10)};
JDESC(desk_holiday_day, struct holiday_day, day_fields);

static enum rc holiday_back(struct desk_call *c, const char *day, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(day), DB_STR(c->who.account)};
    struct work_log log = {c->who.institution, NULL, "holiday withdrawn", day};

    TRY(work_sql(c->w, SQL_DESK_HOLIDAY_LOCK, NULL, NULL, e));
    TRY(work_sql(c->w, SQL_DESK_HOLIDAY_WITHDRAW, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "no such day was declared here");
    return work_audit(c->w, &c->who, &log, e);
}

/* What was declared by mistake. The law's own days stay. */
enum rc desk_holiday_withdraw(struct desk_call *c, const void *in, struct err *e)
{
    const struct holiday_day *h = in;
    struct date day;

    TRY(for_all(c, e));
    if (!date_parse(h->day, &day))
        return err_at(e, RC_BAD_FIELD, "day", "not a day, YYYY-MM-DD");
    TRY(work_begin(c->w, e));
    TRY(work_end(c->w, holiday_back(c, h->day, e), e));
    return desk_holidays(c, NULL, e);
}

/* ---- audit ---- */

struct audit_in {
    int64_t after;
};
static const struct jfield audit_fields[] = {JF_INT(struct audit_in, after, 0, 1, INT64_MAX)};
JDESC(desk_audit_in, struct audit_in, audit_fields);

enum rc desk_audit(struct desk_call *c, const void *in, struct err *e)
{
    const struct audit_in *a = in;
    struct desk_scope scope;

    TRY(desk_scope(c, "audit.view", &scope, e));
    struct db_param p[] = {
        scope.institutions,
        DB_STR(arena_fmt(c->w->a, "%lld", (long long)(a->after ? a->after : INT64_MAX))),
    };
    return as_json(c, SQL_DESK_AUDIT, p, e);
}

/* ---- messages ---- */

enum rc desk_messages(struct desk_call *c, const void *in, struct err *e)
{
    struct desk_scope scope;

    (void)in;
    TRY(desk_scope(c, "message.view", &scope, e));
    struct db_param p[] = {scope.institutions, scope.departments};
    return as_json(c, SQL_DESK_MESSAGES, p, e);
}

static enum rc retry(struct desk_call *c, const char *institution, const char *case_id, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->id)};
    struct work_log log = {institution, case_id, "message again", c->id};

    TRY(work_sql(c->w, SQL_MESSAGE_RETRY, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_STATE, "this message does not wait for anybody");
    return work_audit(c->w, &c->who, &log, e);
}

enum rc desk_message_retry(struct desk_call *c, const void *in, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct desk_scope scope;
    struct db_param p[] = {DB_STR(c->id)};

    (void)in;
    if (strlen(c->id) > 18 || c->id[strspn(c->id, "0123456789")])
        return err_set(e, RC_NOT_FOUND, "there is no message %s", c->id);
    TRY(desk_scope(c, "message.retry", &scope, e));
    TRY(work_sql(c->w, SQL_DESK_MESSAGE_PLACE, p, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "there is no message %s", c->id);
    if (!desk_reaches(&scope, db_text(r, 0, 1), db_text(r, 0, 2)))
        return err_code(e, RC_NOT_FOUND, desk_foreign, 0, "there is no message %s", c->id);
    TRY(work_begin(c->w, e));
    return work_end(c->w, retry(c, db_text(r, 0, 1), db_text(r, 0, 0), e), e);
}
