/* What is done with a case. Each answer is the whole case as it is now; whoever was slower gets what happened
 * since. */
#include <string.h>

#include "backend/desk_priv.h"
#include "backend/sql.h"

/* A frame in the page cannot say why: what this person wrote when opening the file, half an hour ago at most,
 * holds. */
static enum rc said_before(struct desk_call *c, const struct casefile *f, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->who.account), DB_STR(f->id)};

    if (c->reason || !f->sealed || !c->route->file)
        return RC_OK;
    TRY(work_sql(c->w, SQL_DESK_SAID, p, &r, e));
    if (db_rows(r))
        c->reason = "shown beside the file";
    return RC_OK;
}

enum rc desk_open(struct desk_call *c, const char *id, struct casefile *f, struct err *e)
{
    TRY(case_get(c->w, id, false, f, e));
    TRY(said_before(c, f, e));
    enum rc rc = case_may(c->w, &c->who, "case.view", f, c->reason, e);
    if (rc != RC_DENIED || e->code)
        return rc;
    c->w->say = (struct tr){{NULL, NULL, NULL}};
    return err_code(e, RC_NOT_FOUND, desk_foreign, 0, "there is no case %s", id);
}

enum rc desk_case(struct desk_call *c, const void *in, struct err *e)
{
    struct casefile f;

    (void)in;
    TRY(desk_open(c, c->id, &f, e));
    return desk_case_body(c, &f, e);
}

/* ---- acts ---- */

/* What happened is for who may still look into the file: it may have been sealed or sent away just then. */
static enum rc changed(struct desk_call *c, int64_t seen, struct err *e)
{
    struct err no = {0};
    struct tr say = c->w->say;
    struct casefile now;
    BUF_SCOPE(events);

    if (desk_open(c, c->id, &now, &no) == RC_OK && case_events_json(c->w, &now, seen, &events, &no) == RC_OK)
        buf_fmt(&c->more, ",\"changed\":%s", events.p);
    c->w->say = say;
    return e->rc;
}

enum rc desk_done(struct desk_call *c, enum rc rc, int64_t seen, struct err *e)
{
    struct casefile now;

    if (rc == RC_CONFLICT)
        return changed(c, seen, e);
    TRY(rc);
    TRY(case_get(c->w, c->id, false, &now, e));
    return desk_case_body(c, &now, e);
}

struct act_in {
    const char *action, *assignee;
    int64_t version;
    struct jval *given;
};
static const struct jfield act_fields[] = {
    JF_STR(struct act_in, action, J_REQ, 1, 64),
    JF_INT(struct act_in, version, J_REQ, 1, INT64_MAX),
    JF_ANY(struct act_in, given, 0),
    JF_STR(struct act_in, assignee, 0, 0, 64),
};
JDESC(desk_act_in, struct act_in, act_fields);

static enum rc given(struct desk_call *c, const struct act_in *in, struct case_act *out, struct err *e)
{
    const struct jval *v = in->given;

    if (!v || v->kind == JV_NULL)
        return RC_OK;
    if (v->kind != JV_OBJ || v->n > WF_NEEDS_MAX)
        return err_at(e, RC_BAD_FIELD, "given", "an object of what the step needs");
    struct workflow_given *g = ARENA_ARRAY(c->w->a, struct workflow_given, v->n + 1);
    for (size_t i = 0; i < v->n; i++) {
        if (v->items[i].kind != JV_STR)
            return err_at(e, RC_BAD_FIELD, v->names[i], "a text is wanted");
        if (*v->items[i].s)
            g[out->n_given++] = (struct workflow_given){v->names[i], v->items[i].s};
    }
    out->given = g;
    return RC_OK;
}

enum rc desk_act(struct desk_call *c, const void *in, struct err *e)
{
    const struct act_in *a = in;
    struct case_act act = {.id = c->id, .action = a->action, .version = a->version};
    struct casefile f;

    act.assignee = a->assignee && *a->assignee ? a->assignee : NULL;
    TRY(desk_open(c, c->id, &f, e));
    TRY(given(c, a, &act, e));
    return desk_done(c, case_act(c->w, &c->who, &act, NULL, e), a->version, e);
}

static struct case_step step(const struct desk_call *c, int64_t version)
{
    return (struct case_step){.id = c->id, .version = version, .reason = c->reason};
}

struct assign_in {
    const char *assignee;
    int64_t version;
};
static const struct jfield assign_fields[] = {
    JF_STR(struct assign_in, assignee, J_REQ, 1, 64),
    JF_INT(struct assign_in, version, J_REQ, 1, INT64_MAX),
};
JDESC(desk_assign_in, struct assign_in, assign_fields);

enum rc desk_assign(struct desk_call *c, const void *in, struct err *e)
{
    const struct assign_in *a = in;
    struct case_step s = step(c, a->version);
    struct casefile f;

    TRY(desk_open(c, c->id, &f, e));
    return desk_done(c, case_assign(c->w, &c->who, &s, a->assignee, NULL, e), a->version, e);
}

struct note_in {
    const char *text;
    bool public;
};
static const struct jfield note_fields[] = {
    JF_STR(struct note_in, text, J_REQ, 1, 8000),
    JF_BOOL(struct note_in, public, 0),
};
JDESC(desk_note_in, struct note_in, note_fields);

enum rc desk_note(struct desk_call *c, const void *in, struct err *e)
{
    const struct note_in *n = in;
    struct case_step s = step(c, 0);
    struct casefile f;

    TRY(desk_open(c, c->id, &f, e));
    return desk_done(c, case_note(c->w, &c->who, &s, n->text, n->public, e), 0, e);
}

struct seal_in {
    bool sealed;
    const char *reason;
    int64_t version;
};
static const struct jfield seal_fields[] = {
    JF_BOOL(struct seal_in, sealed, J_REQ),
    JF_STR(struct seal_in, reason, J_REQ, 1, 2000),
    JF_INT(struct seal_in, version, J_REQ, 1, INT64_MAX),
};
JDESC(desk_seal_in, struct seal_in, seal_fields);

enum rc desk_seal(struct desk_call *c, const void *in, struct err *e)
{
    const struct seal_in *x = in;
    struct case_step s = step(c, x->version);
    struct casefile f;

    if (!c->reason)
        c->reason = x->reason;
    s.reason = x->reason;
    TRY(desk_open(c, c->id, &f, e));
    return desk_done(c, case_seal(c->w, &c->who, &s, x->sealed, NULL, e), x->version, e);
}

struct opinion_in {
    int64_t task, version;
    const char *result, *text;
};
static const char *const results[] = {"positive", "negative", "none", "done", NULL};
static const struct jfield opinion_fields[] = {
    JF_INT(struct opinion_in, task, J_REQ, 1, INT64_MAX),
    JF_WORD(struct opinion_in, result, J_REQ, results),
    JF_STR(struct opinion_in, text, 0, 0, 8000),
    JF_INT(struct opinion_in, version, J_REQ, 1, INT64_MAX),
};
JDESC(desk_opinion_in, struct opinion_in, opinion_fields);

enum rc desk_opinion(struct desk_call *c, const void *in, struct err *e)
{
    const struct opinion_in *x = in;
    struct case_step s = step(c, x->version);
    struct case_opinion o = {.task = x->task, .result = x->result, .text = x->text};
    struct casefile f;

    TRY(desk_open(c, c->id, &f, e));
    return desk_done(c, case_opinion(c->w, &c->who, &s, &o, NULL, e), x->version, e);
}

struct fact_in {
    const char *path, *value;
    int64_t version;
};
static const char *const bools[] = {"true", "false", NULL};
static const struct jfield fact_fields[] = {
    JF_STR(struct fact_in, path, J_REQ, 1, 64),
    JF_WORD(struct fact_in, value, J_REQ, bools),
    JF_INT(struct fact_in, version, J_REQ, 1, INT64_MAX),
};
JDESC(desk_fact_in, struct fact_in, fact_fields);

enum rc desk_fact(struct desk_call *c, const void *in, struct err *e)
{
    const struct fact_in *x = in;
    struct case_step s = step(c, x->version);
    struct workflow_given fact = {x->path, x->value};
    struct casefile f;

    TRY(desk_open(c, c->id, &f, e));
    return desk_done(c, case_fact(c->w, &c->who, &s, &fact, NULL, e), x->version, e);
}

enum rc desk_presence(struct desk_call *c, const void *in, struct err *e)
{
    struct casefile f;
    struct db_param p[] = {DB_STR(c->id), DB_STR(c->who.account)};

    (void)in;
    TRY(desk_open(c, c->id, &f, e));
    TRY(work_sql(c->w, SQL_DESK_PRESENT, p, NULL, e));
    js_open(&c->out, NULL, '{');
    TRY(desk_others(c, &f, e));
    js_close(&c->out, '}');
    return RC_OK;
}

/* ---- absence ---- */

struct delegate_in {
    const char *account, *to_account, *from, *to, *reason;
};
static const struct jfield delegate_fields[] = {
    JF_STR(struct delegate_in, account, J_REQ, 1, 64), JF_STR(struct delegate_in, to_account, J_REQ, 1, 64),
    JF_STR(struct delegate_in, from, J_REQ, 10, 10),   JF_STR(struct delegate_in, to, J_REQ, 10, 10),
    JF_STR(struct delegate_in, reason, J_REQ, 1, 500),
};
JDESC(desk_delegate_in, struct delegate_in, delegate_fields);

enum rc desk_delegate(struct desk_call *c, const void *in, struct err *e)
{
    const struct delegate_in *d = in;
    struct case_delegation x = {.account = d->account, .to_account = d->to_account, .reason = d->reason};
    int64_t id;

    if (!date_parse(d->from, &x.from))
        return err_at(e, RC_BAD_FIELD, "from", "not a day, YYYY-MM-DD");
    if (!date_parse(d->to, &x.to))
        return err_at(e, RC_BAD_FIELD, "to", "not a day, YYYY-MM-DD");
    TRY(case_delegate(c->w, &c->who, &x, &id, e));
    js_open(&c->out, NULL, '{');
    js_str(&c->out, "id", arena_fmt(c->w->a, "%lld", (long long)id));
    js_close(&c->out, '}');
    return RC_OK;
}

enum rc desk_delegate_end(struct desk_call *c, const void *in, struct err *e)
{
    (void)in;
    if (strlen(c->id) > 18 || c->id[strspn(c->id, "0123456789")])
        return err_set(e, RC_NOT_FOUND, "there is no delegation %s", c->id);
    enum rc rc = case_delegate_end(c->w, &c->who, desk_number(c->id), e);
    if (rc != RC_DENIED)
        return rc;
    c->w->say = (struct tr){{NULL, NULL, NULL}};
    return err_code(e, RC_NOT_FOUND, desk_foreign, 0, "there is no delegation %s", c->id);
}
