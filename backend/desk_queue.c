/* What waits for whom. Pages by key: the page after the last row that was seen, whatever came in between. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/desk_priv.h"
#include "backend/sql.h"

enum { LIMIT = 50, LIMIT_MAX = 200, CURSOR_COL = 33 };

struct queue_in {
    const char *q, *department, *service, *assignee, *sort, *dir, *after;
    int64_t limit;
};
static const char *const queues[] = {"register", "mine", "today", "late",  "unassigned", "waiting",
                                     "opinions", "team", "all",   "print", "attention",  NULL};
static const char *const sorts[] = {"due", "number", "registered", NULL};
static const char *const dirs[] = {"asc", "desc", NULL};
static const struct jfield queue_fields[] = {
    JF_WORD(struct queue_in, q, J_REQ, queues), JF_STR(struct queue_in, department, 0, 0, 64),
    JF_STR(struct queue_in, service, 0, 0, 64), JF_STR(struct queue_in, assignee, 0, 0, 64),
    JF_WORD(struct queue_in, sort, 0, sorts),   JF_WORD(struct queue_in, dir, 0, dirs),
    JF_STR(struct queue_in, after, 0, 0, 100),  JF_INT(struct queue_in, limit, 0, 1, LIMIT_MAX),
};
JDESC(desk_queue_in, struct queue_in, queue_fields);

static const char *const running[] = {"runs", "by_rule", NULL};
static const char *const waits[] = {"wait", NULL};

struct page {
    const struct queue_in *in;
    const char *key, *id; /* cursor; NULL: the first page */
    bool down;
    char most[24], today[11];
    struct desk_scope scope;
};

static bool is(const struct queue_in *in, const char *q)
{
    return strcmp(in->q, q) == 0;
}

static const char *given(const char *s)
{
    return s && *s ? s : NULL;
}

static enum rc cursor(struct desk_call *c, struct page *p, struct err *e)
{
    const char *after = given(p->in->after), *at = after ? strchr(after, '~') : NULL;

    if (!after)
        return RC_OK;
    if (!at || at == after || !uuid_valid(at + 1))
        return err_at(e, RC_BAD_FIELD, "after", "not a place in this list");
    p->key = arena_strn(c->w->a, after, (size_t)(at - after));
    p->id = at + 1;
    return RC_OK;
}

/* Where a list begins: before everything, or behind it. */
static void first_key(struct page *p, const char *low, const char *high)
{
    if (p->key)
        return;
    p->key = p->down ? high : low;
    p->id = p->down ? "ffffffff-ffff-ffff-ffff-ffffffffffff" : "00000000-0000-0000-0000-000000000000";
}

static enum sql_id statement(struct page *p)
{
    const char *sort = given(p->in->sort) && !is(p->in, "today") ? p->in->sort : "due";

    if (is(p->in, "all") || strcmp(sort, "registered") == 0)
        first_key(p, "-infinity", "infinity");
    else if (strcmp(sort, "number") == 0)
        first_key(p, "0", "9223372036854775807");
    else
        first_key(p, "-infinity", "infinity");
    if (is(p->in, "all"))
        return p->down ? SQL_DESK_ALL_DESC : SQL_DESK_ALL_ASC;
    if (strcmp(sort, "registered") == 0)
        return p->down ? SQL_DESK_REGISTERED_DESC : SQL_DESK_REGISTERED_ASC;
    if (strcmp(sort, "number") == 0)
        return p->down ? SQL_DESK_NUMBER_DESC : SQL_DESK_NUMBER_ASC;
    return p->down ? SQL_DESK_DUE_DESC : SQL_DESK_DUE_ASC;
}

static enum rc of_the_house(struct desk_call *c, struct page *p, struct db_result **r, struct err *e)
{
    static const char *const fresh[] = {"submitted", "registered"};
    const struct queue_in *in = p->in;
    bool today = is(in, "today"), late = is(in, "late");
    enum sql_id id = statement(p);
    struct db_param states = {0};

    if (is(in, "register"))
        states = desk_texts(c->w->a, fresh, COUNT(fresh));
    else if (today || late)
        states = desk_states(c->w, running, NULL);
    else if (is(in, "waiting"))
        states = desk_states(c->w, NULL, waits);
    bool nobody = is(in, "register") || is(in, "unassigned");
    struct db_param params[] = {
        p->scope.institutions,
        p->scope.departments,
        states,
        DB_STR(nobody ? "true" : "false"),
        DB_STR(given(in->department)),
        DB_STR(given(in->service)),
        DB_STR(given(in->assignee)),
        DB_STR(late ? p->today : NULL),
        DB_STR(p->key),
        DB_STR(p->id),
        DB_STR(p->most),
        DB_STR(today ? p->today : "-infinity"),
        DB_STR(today || late ? p->today : "infinity"),
    };
    return work_sql(c->w, id, params, r, e);
}

/* Lists with a statement of their own; the accounts are the last parameter, and not of all of them. */
static const struct {
    const char *q;
    enum sql_id id;
} own_lists[] = {{"mine", SQL_DESK_MINE},
                 {"opinions", SQL_DESK_TASKS},
                 {"print", SQL_DESK_PRINT},
                 {"attention", SQL_DESK_ATTENTION}};

static enum rc of_its_own(struct desk_call *c, struct page *p, enum sql_id id, struct db_result **r,
                          struct err *e)
{
    first_key(p, "", "~");
    struct db_param params[] = {
        p->scope.institutions,
        p->scope.departments,
        DB_STR(given(p->in->sort) ? p->in->sort : "due"),
        DB_STR(p->down ? "true" : "false"),
        DB_STR(p->key),
        DB_STR(p->id),
        DB_STR(p->most),
        desk_texts(c->w->a, c->accounts, c->n_accounts),
    };
    return work_sql(c->w, id, params, r, e);
}

static enum rc rows(struct desk_call *c, const struct db_result *r, int limit, struct err *e)
{
    int n = db_rows(r) < limit ? db_rows(r) : limit;

    js_open(&c->out, NULL, '{');
    js_open(&c->out, "items", '[');
    for (int i = 0; i < n; i++) {
        struct casefile f;
        TRY(case_row(c->w, r, i, &f, e));
        desk_rows(c, &f);
    }
    js_close(&c->out, ']');
    js_str(&c->out, "next", db_rows(r) > limit ? db_text(r, limit - 1, CURSOR_COL) : NULL);
    js_close(&c->out, '}');
    return RC_OK;
}

enum rc desk_queue(struct desk_call *c, const void *in, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct page p = {.in = in};
    int limit = p.in->limit ? (int)p.in->limit : LIMIT;

    p.down = p.in->dir ? strcmp(p.in->dir, "desc") == 0 : is(p.in, "all");
    snprintf(p.most, sizeof(p.most), "%d", limit + 1);
    date_iso(p.today, date_of_ms(c->w->now_ms()));
    TRY(cursor(c, &p, e));
    TRY(desk_scope(c, is(p.in, "team") ? "team.view" : "case.list", &p.scope, e));
    for (size_t i = 0; i < COUNT(own_lists) && !r; i++)
        if (is(p.in, own_lists[i].q))
            TRY(of_its_own(c, &p, own_lists[i].id, &r, e));
    if (!r)
        TRY(of_the_house(c, &p, &r, e));
    return rows(c, r, limit, e);
}

enum rc desk_counts(struct desk_call *c, const void *in, struct err *e)
{
    static const char *const names[] = {"register", "mine",      "today",    "late", "unassigned",
                                        "waiting",  "attention", "opinions", "print"};
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct desk_scope scope;
    char today[11];

    (void)in;
    date_iso(today, date_of_ms(c->w->now_ms()));
    TRY(desk_scope(c, "case.list", &scope, e));
    struct db_param p[] = {
        scope.institutions,
        scope.departments,
        desk_texts(c->w->a, c->accounts, c->n_accounts),
        DB_STR(today),
        desk_states(c->w, running, NULL),
        desk_states(c->w, NULL, waits),
    };
    TRY(work_sql(c->w, SQL_DESK_COUNTS, p, &r, e));
    js_open(&c->out, NULL, '{');
    for (size_t i = 0; i < COUNT(names); i++)
        js_int(&c->out, names[i], db_int(r, 0, (int)i));
    js_close(&c->out, '}');
    return RC_OK;
}
