/* Effects of configs/workflow/_shared.json, each really done, in the order in which the step names them. */
#include "backend/case_priv.h"

#include <string.h>

/* Taken by the register with the request, or by the book with the paper; see case_open.c. */
static enum rc fx_given(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    (void)x;
    return d->c->n > 0 ? RC_OK : err_set(e, RC_STATE, "case %s has no number", d->c->id);
}

/* For the figures: the event says that it was done. */
static enum rc fx_event(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    (void)d;
    (void)x;
    (void)e;
    return RC_OK;
}

static enum rc fx_start_term(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    (void)x;
    d->c->filed_on = case_today(d->w); /* the persons are here: the legal day is this one */
    return case_term_start(d->w, d->c, d->c->filed_on, e);
}

static enum rc fx_sub_term(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    return case_term_sub(d->w, d->c, x->term, &d->sub_due, e);
}

static enum rc fx_extend(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    static const struct tr never = {{"Legea nu dă o prelungire pentru acest termen.",
                                     "Ezt a határidőt a törvény nem engedi meghosszabbítani.",
                                     "The law gives this term no extension."}};
    struct case_term_change more = {.extension = case_given(d, "reason")};
    bool moved = false;

    (void)x;
    enum rc rc = case_terms_again(d->w, d->c, &more, &moved, e);
    if (rc == RC_STATE)
        d->w->say = never;
    return rc;
}

static enum rc fx_stop(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    (void)x;
    return case_term_stop(d->w, d->c, e);
}

/* The one named, or whoever stands in for them today. */
static enum rc fx_assign(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    const char *who = d->done.now.assignee;

    (void)x;
    d->c->department = d->done.now.department;
    d->c->assignee = NULL;
    if (!who)
        return RC_OK;
    if (d->act && d->act->assignee)
        TRY(case_assignable(d->w, d->c, who, e));
    TRY(case_stand_in(d->w, who, &d->c->assignee, e));
    return case_staff_assigned(d->w, d->who, d->c, e);
}

static enum rc fx_opinions(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    (void)x;
    return case_task_opinions(d, e);
}

static enum rc fx_visit(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    (void)x;
    return case_task_visit(d, e);
}

static enum rc fx_child(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    (void)x;
    return case_task_child(d, e);
}

static enum rc fx_forward(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    (void)x;
    d->forwarded = true;
    return case_forward(d, e);
}

static enum rc fx_revoke(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    const char *why = case_given(d, "reason");
    struct db_param p[] = {DB_STR(d->c->id), DB_STR(case_int(d->w->a, d->w->now_ms())),
                           DB_STR(why ? why : d->done.action->id)};

    (void)x;
    return work_sql(d->w, SQL_CASE_REVOKE, p, NULL, e);
}

static enum rc fx_deliver(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    (void)x;
    return case_connexed_answered(d, e);
}

static enum rc fx_fee(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    (void)x;
    case_settle(d->w, d->c, "case.fee_paid", "true");
    return case_term_over(d->w, d->c, "policy.offer", e); /* what is paid does not lapse */
}

static enum rc fx_send_code(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    (void)x;
    return case_code_send(d, e);
}

static enum rc fx_confirm(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    (void)x;
    TRY(case_code_done(d, e));
    return case_term_over(d->w, d->c, "policy.offer", e);
}

static const struct {
    const char *id;
    enum rc (*run)(struct case_doing *d, const struct workflow_effect *x, struct err *e);
} effects[] = {
    {"number", fx_given},
    {"receipt", fx_given},
    {"start_term", fx_start_term},
    {"sub_term", fx_sub_term},
    {"extend_term", fx_extend},
    {"stop_term", fx_stop},
    {"assign", fx_assign},
    {"render", case_fx_render},
    {"seal", case_fx_seal},
    {"print", case_fx_print},
    {"deliver", fx_deliver},
    {"post_notice", case_fx_notice},
    {"task_opinions", fx_opinions},
    {"task_visit", fx_visit},
    {"task_child_protection", fx_child},
    {"forward_case", fx_forward},
    {"release_hold", case_fx_release},
    {"revoke", fx_revoke},
    {"count", fx_event},
    {"settle_fee", fx_fee},
    {"send_code", fx_send_code},
    {"settle_confirm", fx_confirm},
};

static enum rc run_one(struct case_doing *d, const struct workflow_effect *x, struct err *e)
{
    for (size_t i = 0; i < COUNT(effects); i++)
        if (strcmp(effects[i].id, x->id) == 0)
            return effects[i].run(d, x, e);
    return err_set(e, RC_UNSUPPORTED, "nothing does the effect %s", x->id);
}

enum rc case_effects(struct case_doing *d, struct err *e)
{
    for (size_t i = 0; i < d->done.n_effects; i++)
        TRY(run_one(d, &d->done.effects[i], e));
    return RC_OK;
}
