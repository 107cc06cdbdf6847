/* One step of a person or of the system. */
#include "backend/case_priv.h"

#include <string.h>

enum { DRIVE_MAX = 8 };

static bool needs(const struct wf_action *x, const char *need)
{
    for (size_t i = 0; x && i < x->n_needs; i++)
        if (strcmp(x->needs[i], need) == 0)
            return true;
    return false;
}

static bool names_author(const struct wf_action *x)
{
    return x->guard && strstr(x->guard, "actor.is_author");
}

/* Who prepared what another one decides. */
static void author(struct case_doing *d)
{
    const struct wf_action *x = d->done.action;
    bool prepares = strcmp(d->c->state, "decided") == 0 || needs(x, "search_result");

    if (d->who->kind == ACTOR_STAFF && prepares && !names_author(x))
        d->c->author = d->who->account;
}

static enum rc back_from_citizen(struct case_doing *d, int64_t entered_ms, struct err *e)
{
    int64_t days = date_days(case_today(d->w)) - date_days(date_of_ms(entered_ms));
    struct case_term_change more = {.returned_days = days};
    bool moved;

    if (strcmp(d->from, "returned") != 0 || strcmp(d->c->state, "returned") == 0)
        return RC_OK;
    TRY(case_term_over(d->w, d->c, "policy.return", e));
    if (days <= 0)
        return RC_OK;
    return case_terms_again(d->w, d->c, &more, &moved, e);
}

static enum rc given_to_case(struct case_doing *d, struct err *e)
{
    const struct wf_action *x = d->done.action;
    const char *note = case_given(d, "note");

    if (needs(x, "search_result"))
        case_settle(d->w, d->c, "case.found", case_given(d, "search_result"));
    if (needs(x, "case_number"))
        TRY(case_connex(d, strcmp(x->id, "merge") == 0 ? "merged" : "connexed", e));
    if (needs(x, "fields"))
        TRY(case_return_make(d, e));
    if (!note)
        return RC_OK;
    struct db_param p[] = {DB_STR(d->c->id), DB_STR(case_int(d->w->a, d->w->now_ms())),
                           DB_STR(d->who->account), DB_STR("false"), DB_STR(note)};
    return work_sql(d->w, SQL_CASE_NOTE_ADD, p, NULL, e);
}

static bool tells_applicant(const struct case_doing *d)
{
    for (size_t i = 0; i < d->done.n_notices; i++)
        if (strncmp(d->done.notices[i].who, "applicant", 9) == 0)
            return true;
    return false;
}

static void take_over(struct case_doing *d)
{
    struct casefile *c = d->c;

    c->version = d->done.now.version;
    c->bits = d->done.now.flags;
    c->sealed = c->sealed || (c->bits & workflow_flag(&d->w->house->workflows, "sealed"));
    if (strcmp(c->state, d->done.now.state) != 0)
        c->entered_ms = d->w->now_ms();
    c->state = d->done.now.state;
    if (d->who->kind == ACTOR_STAFF)
        c->attention = ""; /* somebody has looked */
}

/* When it is over, nothing runs any more and nobody is asked. A child is looked after all the same. */
static enum rc over(struct case_doing *d, struct err *e)
{
    struct db_param p[] = {DB_STR(d->c->id), DB_STR(case_int(d->w->a, d->w->now_ms())),
                           DB_STR(d->who->account)};

    if (!workflow_ended(&d->w->house->workflows, d->c->state) || d->c->closed_ms)
        return RC_OK;
    TRY(case_term_stop(d->w, d->c, e));
    return work_sql(d->w, SQL_CASE_TASKS_CLOSE, p, NULL, e);
}

/* What was given, and the day by which the law wanted it when that is over. */
static enum rc event_given(struct case_doing *d, const char **out, struct err *e)
{
    struct workflow_given *given = ARENA_ARRAY(d->w->a, struct workflow_given, d->act->n_given + 1);
    size_t n = d->act->n_given;
    struct date day;
    struct tr say;

    for (size_t i = 0; i < n; i++)
        given[i] = d->act->given[i];
    TRY(case_warning(d->w, d->c, d->done.action, &day, &say, e));
    if (date_valid(day))
        given[n++] = (struct workflow_given){"late_since", case_day(d->w->a, day)};
    *out = case_given_json(d->w, given, n);
    return RC_OK;
}

enum rc case_perform(struct case_doing *d, struct err *e)
{
    struct casefile *c = d->c;
    int64_t before = c->version, entered = c->entered_ms;
    uint64_t marks = d->done.now.flags; /* as the step leaves them, before its terms */
    const char *act = d->act->action, *given;

    TRY(event_given(d, &given, e)); /* before the step ends its terms */
    take_over(d);
    TRY(back_from_citizen(d, entered, e));
    if (d->done.action) {
        author(d);
        TRY(given_to_case(d, e));
    }
    TRY(case_effects(d, e));
    TRY(over(d, e));
    TRY(case_notices(d, d->done.notices, d->done.n_notices, e));
    TRY(case_save(d->w, c, before, e));
    struct case_happening h = {.who = d->who,
                               .act = act,
                               .from = d->from,
                               .to = c->state,
                               .given = given,
                               .detail = arena_fmt(d->w->a, "%s > %s", d->from, c->state),
                               .public = strcmp(d->from, c->state) != 0 || tells_applicant(d)};
    TRY(case_event(d->w, c, &h, e));
    TRY(case_late_lifted(d->w, c, marks, d->due_before, e));
    return case_timers_wind(d->w, c, e);
}

/* ---- by itself ---- */

static enum rc happened(struct work *w, const struct casefile *c, const char *act, bool *yes, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->id), DB_STR(act)};

    TRY(work_sql(w, SQL_CASE_HAPPENED, p, &r, e));
    *yes = db_rows(r) > 0;
    return RC_OK;
}

/* What the system cannot finish (nobody who may sign has decided) waits for a colleague, and the step before
 * it holds all the same. */
static enum rc tried(struct case_doing *d, bool *did, struct err *e)
{
    const struct casefile before = *d->c;
    struct work *w = d->w;
    struct err bad = {0};
    bool failed = w->failed; /* what is undone below fails nothing else */

    TRY(db_sync_script(w->db, "SAVEPOINT itself", e));
    enum rc rc = case_perform(d, &bad);
    if (rc == RC_OK) {
        *did = true;
        return db_sync_script(w->db, "RELEASE itself", e);
    }
    if (rc != RC_STATE && rc != RC_BAD_FIELD)
        return err_set(e, rc, "%s", bad.text);
    TRY(db_sync_script(w->db, "ROLLBACK TO itself", e));
    w->failed = failed;
    w->say = (struct tr){{NULL, NULL, NULL}};
    *d->c = before;
    if (strcmp(d->c->attention, "by_hand") == 0)
        return RC_OK;
    d->c->attention = "by_hand";
    d->c->version++;
    return case_save(w, d->c, before.version, e);
}

static enum rc drive_one(struct work *w, struct casefile *c, const struct wf_action *x, bool *did,
                         struct err *e)
{
    struct case_act act = {.id = c->id, .action = x->id, .version = c->version};
    struct case_doing d = {
        .w = w, .who = &actor_system, .c = c, .act = &act, .from = c->state, .due_before = c->due};
    struct workflow_case as;
    struct workflow_actor system;
    struct err no = {0};
    bool before;

    TRY(case_view(w, &actor_system, c, &as, &system, e));
    struct workflow_act ask = {.action = x->id, .who = &system, .version = c->version};
    if (workflow_apply(w->a, &w->house->workflows, &as, &ask, &d.done, &no) != RC_OK)
        return RC_OK;
    TRY(happened(w, c, x->id, &before, e));
    if (before)
        return RC_OK;
    return tried(&d, did, e);
}

enum rc case_drive(struct work *w, struct casefile *c, struct err *e)
{
    bool did = true;

    for (int round = 0; did && round < DRIVE_MAX; round++) {
        did = false;
        for (size_t i = 0; !did && i < c->flow->n_actions; i++)
            if (c->flow->actions[i].by_itself)
                TRY(drive_one(w, c, &c->flow->actions[i], &did, e));
    }
    return RC_OK;
}

/* ---- a person's step ---- */

/* Whoever acts may also see; of a sealed case it is written down that they did. */
static enum rc allowed_in(struct work *w, const struct actor *who, const struct case_act *act,
                          const struct casefile *c, struct err *e)
{
    if (who->kind != ACTOR_STAFF || !c->sealed)
        return RC_OK;
    return case_may(w, who, "case.view", c, arena_fmt(w->a, "step %.64s", act->action), e);
}

enum rc case_lock(struct work *w, const char *id, const char *other, struct err *e)
{
    struct db_param p[] = {DB_STR(id), DB_STR(other)};

    if (!id || !uuid_valid(id))
        return err_set(e, RC_NOT_FOUND, "not the id of a case");
    TRY(work_sql(w, SQL_CASE_LOCK_PLACES, p, NULL, e));
    return work_sql(w, SQL_CASE_LOCK_KIN, p, NULL, e);
}

static enum rc lock_kin(struct work *w, const struct case_act *act, struct err *e)
{
    struct casefile c, other = {.id = NULL};
    struct err no = {0};
    const char *named = NULL;

    for (size_t i = 0; i < act->n_given; i++)
        if (strcmp(act->given[i].need, "case_number") == 0)
            named = act->given[i].value;
    if (named) {
        TRY(case_get(w, act->id, false, &c, e));
        enum rc rc = case_by_number(w, c.institution, named, &other, &no);
        if (rc != RC_OK)
            other.id = NULL; /* its need says what is wrong */
    }
    return case_lock(w, act->id, other.id, e);
}

enum rc case_step_inside(struct work *w, const struct actor *who, const struct case_act *act,
                         struct casefile *c, struct err *e)
{
    struct case_doing d = {.w = w, .who = who, .c = c, .act = act};
    struct workflow_case as;
    struct workflow_actor actor;

    TRY(lock_kin(w, act, e));
    TRY(case_get(w, act->id, true, c, e));
    TRY(allowed_in(w, who, act, c, e));
    TRY(case_view(w, who, c, &as, &actor, e));
    struct workflow_act ask = {.action = act->action,
                               .who = &actor,
                               .version = act->version,
                               .given = act->given,
                               .n_given = act->n_given,
                               .assignee = act->assignee};
    enum rc rc = workflow_apply(w->a, &w->house->workflows, &as, &ask, &d.done, e);
    if (rc != RC_OK) {
        w->say = workflow_refusal(w->a, &w->house->workflows, &as, &ask);
        return rc;
    }
    d.from = c->state;
    d.due_before = c->due;
    TRY(case_needs(&d, e));
    TRY(case_perform(&d, e));
    return case_drive(w, c, e);
}

enum rc case_act(struct work *w, const struct actor *who, const struct case_act *act, struct casefile *now,
                 struct err *e)
{
    struct casefile c;

    struct err why = {0};

    w->say = (struct tr){{NULL, NULL, NULL}};
    TRY(work_begin(w, e));
    enum rc rc = case_step_inside(w, who, act, &c, &why);
    bool counted = rc == RC_BAD_FIELD && why.code && strcmp(why.code, CASE_WRONG_CODE) == 0;
    if (counted)
        TRY(work_end(w, RC_OK, e));
    else
        rc = work_end(w, rc, &why);
    if (rc != RC_OK && e)
        *e = why;
    if (rc == RC_OK && now)
        *now = c;
    return rc;
}
