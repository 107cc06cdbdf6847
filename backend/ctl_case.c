/* registryctl case ...: for operators and tests. Whoever runs it names the person who acts; rights hold as at
 * the desk.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/case.h"
#include "backend/ctl_work.h"

enum { LIST_MOST = 200, GIVEN_MAX = 12 };

/* No name and no subject: this goes to a terminal, and from there anywhere. */
static void line(const struct casefile *c)
{
    char due[11] = "-";

    if (date_valid(c->due))
        date_iso(due, c->due);
    printf("%s %-24s %-12s %-11s %-22s %-10s %s%s\n", c->id, c->number, c->institution, c->state, c->service,
           due, c->assignee ? c->assignee : "-", c->late ? " late" : "");
}

static enum rc list(struct ctl_work *cw, const struct args *a, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(ctl_option(a, "institution", NULL)), DB_STR(ctl_option(a, "state", NULL)),
                           DB_STR(arena_fmt(a->arena, "%d", LIST_MOST))};

    TRY(work_sql(&cw->w, SQL_CASE_LIST, p, &r, e));
    for (int i = 0; i < db_rows(r); i++) {
        struct casefile c;
        TRY(case_row(&cw->w, r, i, &c, e));
        line(&c);
    }
    return RC_OK;
}

static enum rc one(struct ctl_work *cw, const struct args *a, struct casefile *c, struct err *e)
{
    const char *institution = ctl_option(a, "institution", NULL);

    if (institution)
        return case_by_number(&cw->w, institution, a->what, c, e);
    return case_get(&cw->w, a->what, false, c, e);
}

static enum rc show(struct ctl_work *cw, const struct args *a, struct err *e)
{
    const struct workflow_choice *choices;
    struct casefile c;
    size_t n;
    BUF_SCOPE(events);

    TRY(one(cw, a, &c, e));
    line(&c);
    for (size_t i = 0; i < c.n_flags; i++)
        printf("  flag %s\n", c.flags[i]);
    TRY(case_choices(&cw->w, &cw->who, &c, &choices, &n, e));
    printf("  version %lld, department %s, attention %s\n", (long long)c.version,
           *c.department ? c.department : "-", *c.attention ? c.attention : "-");
    for (size_t i = 0; i < n; i++)
        printf("  %-18s %s\n", choices[i].action->id,
               choices[i].allowed ? "now" : tr_get(&choices[i].why_not, LANG_EN));
    TRY(case_events_json(&cw->w, &c, -1, &events, e));
    json_show(events.p);
    return RC_OK;
}

/* --reason, --document ...: what the step needs, by the names of the workflow. */
static size_t givens(struct ctl_work *cw, const struct args *a, struct workflow_given out[GIVEN_MAX])
{
    const struct wf_words *needs = &cw->house.workflows.needs;
    size_t n = 0;

    for (size_t i = 0; i < needs->n && n < GIVEN_MAX; i++) {
        const char *value = ctl_option(a, needs->items[i].id, NULL);
        if (value && strcmp(needs->items[i].id, "institution") != 0)
            out[n++] = (struct workflow_given){needs->items[i].id, value};
    }
    const char *to = ctl_option(a, "to", NULL);
    if (to && n < GIVEN_MAX)
        out[n++] = (struct workflow_given){"institution", to};
    return n;
}

static enum rc act(struct ctl_work *cw, const struct args *a, struct err *e)
{
    struct workflow_given given[GIVEN_MAX];
    struct casefile c;
    const char *version = ctl_option(a, "version", NULL);

    if (cw->who.kind != ACTOR_STAFF || a->n_words != 1)
        return err_set(e, RC_BAD_REQUEST,
                       "case act CASE ACTION --by ACCOUNT [--reason TEXT ...] [--to INSTITUTION]");
    TRY(case_actor(&cw->w, cw->who.account, &cw->who, e));
    TRY(one(cw, a, &c, e));
    struct case_act x = {.id = c.id,
                         .action = a->words[0],
                         .version = version ? strtoll(version, NULL, 10) : c.version,
                         .given = given,
                         .n_given = givens(cw, a, given),
                         .assignee = ctl_option(a, "assignee", NULL)};
    enum rc rc = case_act(&cw->w, &cw->who, &x, &c, e);
    if (rc == RC_DENIED) {
        struct err none = {0};
        if (case_refused(&cw->w, &cw->who, x.id, x.action, &none) != RC_OK)
            return err_wrap(e, rc, "and the refusal could not be audited (%s)", none.text);
    }
    if (rc != RC_OK && cw->w.say.t[LANG_EN])
        printf("%s\n", cw->w.say.t[LANG_EN]);
    TRY(rc);
    line(&c);
    return RC_OK;
}

static enum rc open_all(struct ctl_work *cw, const struct args *a, struct err *e)
{
    int opened, rang, all = 0;

    (void)a;
    do {
        TRY(case_open_pending(&cw->w, LIST_MOST, &opened, e));
        all += opened;
    } while (opened == LIST_MOST);
    TRY(case_timers(&cw->w, LIST_MOST, &rang, e));
    printf("opened %d, timers %d\n", all, rang);
    return RC_OK;
}

static enum rc terms(struct ctl_work *cw, const struct args *a, struct err *e)
{
    int moved;

    (void)a;
    TRY(case_recompute_terms(&cw->w, &moved, e));
    printf("cases with another day now: %d\n", moved);
    return RC_OK;
}

static enum rc places(struct ctl_work *cw, const struct args *a, struct err *e)
{
    struct case_places x = {a->what, a->n_words == 2 ? a->words[0] : "", -1};

    if (a->n_words != 2 || a->words[1][strspn(a->words[1], "0123456789")] || strlen(a->words[1]) > 6)
        return err_set(e, RC_BAD_REQUEST, "case places INSTITUTION SERVICE N");
    x.n = strtoll(a->words[1], NULL, 10);
    TRY(case_places_set(&cw->w, &cw->who, &x, e));
    printf("%s has %lld places of %s\n", x.institution, (long long)x.n, x.service);
    return RC_OK;
}

static enum rc with(const struct args *a,
                    enum rc (*run)(struct ctl_work *cw, const struct args *a, struct err *e), struct err *e)
{
    struct ctl_work cw = {0};
    enum rc rc = ctl_work_begin(a, &cw, e);

    if (rc == RC_OK)
        rc = run(&cw, a, e);
    ctl_work_end(&cw);
    return rc;
}

static enum rc cmd_list(const struct args *a, struct err *e)
{
    return with(a, list, e);
}

static enum rc cmd_show(const struct args *a, struct err *e)
{
    return a->what ? with(a, show, e) : err_set(e, RC_BAD_REQUEST, "case show CASE [--institution ID]");
}

static enum rc cmd_act(const struct args *a, struct err *e)
{
    return a->what ? with(a, act, e) : err_set(e, RC_BAD_REQUEST, "case act CASE ACTION --by ACCOUNT");
}

static enum rc cmd_open(const struct args *a, struct err *e)
{
    return with(a, open_all, e);
}

static enum rc cmd_terms(const struct args *a, struct err *e)
{
    return with(a, terms, e);
}

static enum rc cmd_places(const struct args *a, struct err *e)
{
    return a->what ? with(a, places, e) : err_set(e, RC_BAD_REQUEST, "case places INSTITUTION SERVICE N");
}

const struct command case_commands[] = {
    {"case", "list", "[--institution ID] [--state STATE]", "cases, newest first", cmd_list, 0},
    {"case", "show", "CASE [--institution ID] [--by ACCOUNT]",
     "one case by id or number: what can be done with it, what happened", cmd_show, 0},
    {"case", "act", "CASE ACTION --by ACCOUNT [--NEED TEXT] [--to INSTITUTION]",
     "a step of the workflow in somebody's name, by their rights", cmd_act, 1},
    {"case", "open", NULL, "open what is registered, ring what is due; registryd does it every second",
     cmd_open, 0},
    {"case", "terms", NULL, "every date anew, after holidays were added", cmd_terms, 0},
    {"case", "places", "INSTITUTION SERVICE N [--by ACCOUNT]",
     "how many places the institution has; more requests than that wait in line", cmd_places, 2},
};
const size_t n_case_commands = COUNT(case_commands);
