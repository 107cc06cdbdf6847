/* What the machine may say by itself: whether a request passes the published rule of its service
 * (configs/workflow, meta.rules), and whether a place is left. It says yes or hands on to a person; a no is
 * never its own. */
#include "backend/case_priv.h"

#include <string.h>

#include "common/model/expr.h"

struct looking {
    const struct form_ctx *form;
    const struct answers *s;
};

/* A hidden question has no answer. */
static struct expr_value answer_of(const char *path, void *user)
{
    const struct looking *l = user;
    const struct field *f = service_field(l->form->service, path);
    const struct answer *x = f ? answers_get(l->s, path) : NULL;

    if (!x || x->n == 0 || !form_visible(l->form, l->s, f))
        return (struct expr_value){0};
    if (f->type == FT_BOOL)
        return (struct expr_value){.is_bool = true, .truth = strcmp(x->values[0], "true") == 0};
    return (struct expr_value){.values = x->values, .n = x->n, .multi = f->type == FT_MULTI};
}

bool case_holds(const struct work *w, const struct casefile *c, const struct case_answers *x,
                const struct expr *when)
{
    const struct form_ctx form = case_form(w, c);
    struct looking l = {&form, &x->now};
    return expr_true(when, answer_of, &l);
}

static enum rc passes(struct work *w, const struct casefile *c, const struct case_answers *x, bool *yes,
                      struct err *e)
{
    const char *text = jval_str(jval_get(jval_get(c->flow->meta, "rules"), c->service), "if", NULL);
    struct expr *when;

    *yes = false;
    if (!text || !x || !c->svc)
        return RC_OK;
    TRY(expr_parse(w->a, text, &when, e));
    *yes = case_holds(w, c, x, when);
    return RC_OK;
}

/* How many places there are is said by the institution; until then nobody counts them. In an act who comes
 * next counts after us; who only looks holds up nobody. */
static enum rc place_left(struct work *w, const struct casefile *c, bool *left, struct err *e)
{
    struct db_result *stock SCOPED(db_result_freep) = NULL;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param lock[] = {DB_STR(c->id), DB_STR(NULL)};
    struct db_param of[] = {DB_STR(c->institution), DB_STR(c->service)};
    struct db_param p[] = {DB_STR(c->id), DB_STR(c->institution), DB_STR(c->service)};

    *left = true;
    if (w->depth > 0)
        TRY(work_sql(w, SQL_CASE_LOCK_PLACES, lock, NULL, e));
    TRY(work_sql(w, SQL_CASE_PLACES, of, &stock, e));
    if (db_rows(stock) == 0)
        return RC_OK;
    TRY(work_sql(w, SQL_CASE_PLACES_LEFT, p, &r, e));
    *left = db_int(r, 0, 0) < db_int(stock, 0, 0) && db_text(r, 0, 1)[0] == 'f';
    return RC_OK;
}

enum rc case_place_free(struct work *w, const struct casefile *c, struct workflow_facts *out, struct err *e)
{
    bool left;

    if (!jval_get(c->flow->meta, "rules") || case_fact_of(c, "case.place_free"))
        return RC_OK;
    TRY(place_left(w, c, &left, e));
    return workflow_fact(&w->house->workflows, out, "case.place_free", left ? "true" : "false", e);
}

enum rc case_rule(struct work *w, struct casefile *c, const struct case_answers *x, struct err *e)
{
    bool yes;

    if (!jval_get(c->flow->meta, "rules"))
        return RC_OK;
    TRY(passes(w, c, x, &yes, e));
    case_settle(w, c, "case.rule_result", yes ? "pass" : "review");
    return RC_OK;
}

/* ---- how many there are ---- */

enum rc case_places_set(struct work *w, const struct actor *who, const struct case_places *x, struct err *e)
{
    const struct service *s = catalog_find(&w->house->catalog, x->service);
    const struct workflow *f = s ? workflow_find(&w->house->workflows, s->workflow) : NULL;
    struct db_param p[] = {DB_STR(x->institution), DB_STR(x->service), DB_STR(case_int(w->a, x->n)),
                           DB_STR(case_int(w->a, w->now_ms())), DB_STR(who->account)};
    struct tr name;

    if (!f || !workflow_action(f, "place_found"))
        return err_at(e, RC_BAD_FIELD, "service", "%s has no places", x->service);
    if (x->n < 0 || x->n > 100000)
        return err_at(e, RC_BAD_FIELD, "n", "places: 0 to 100,000");
    TRY(work_begin(w, e));
    enum rc rc = case_institution(w, x->institution, &name, NULL, e);
    if (rc == RC_OK)
        rc = work_sql(w, SQL_CASE_PLACES_PUT, p, NULL, e);
    if (rc == RC_OK)
        rc = work_audit(w, who,
                        &(struct work_log){x->institution, NULL, "places",
                                           arena_fmt(w->a, "%s: %lld", x->service, (long long)x->n)},
                        e);
    return work_end(w, rc, e);
}
