/* What people do with a case beside the steps of its workflow. */
#include "backend/case_priv.h"

#include <string.h>

#include "common/base/text.h"

/* ---- the frame: lock, right, version; change; row, event, audit ---- */

struct change {
    struct work *w;
    const struct actor *who;
    const struct case_step *step;
    struct casefile *c;
    const char *act, *given; /* event */
    bool public;
    const void *what;
    enum rc (*apply)(struct change *x, struct err *e);
    const char *right; /* NULL: apply asks itself */
};

static void say_stale(struct work *w)
{
    static const struct tr stale = {{"Altcineva a lucrat între timp la dosar. Vedeți ce s-a schimbat.",
                                     "Közben más dolgozott az ügyön. Nézze meg, mi változott.",
                                     "Somebody worked on the case meanwhile. See what changed."}};
    w->say = stale;
}

static enum rc changed(struct change *x, struct err *e)
{
    struct work *w = x->w;

    TRY(case_get(w, x->step->id, true, x->c, e));
    if (x->right)
        TRY(case_may(w, x->who, x->right, x->c, x->step->reason, e));
    int64_t before = x->c->version;
    if (x->step->version != before) {
        say_stale(w);
        return err_at(e, RC_CONFLICT, "version", "case %s has version %lld", x->c->id, (long long)before);
    }
    x->c->version++;
    TRY(x->apply(x, e));
    TRY(case_save(w, x->c, before, e));
    struct case_happening h = {.who = x->who,
                               .act = x->act,
                               .from = x->c->state,
                               .to = x->c->state,
                               .given = x->given,
                               .public = x->public};
    TRY(case_event(w, x->c, &h, e));
    return case_timers_wind(w, x->c, e);
}

static enum rc change(struct change *x, struct casefile *now, struct err *e)
{
    struct casefile c;

    x->c = &c;
    x->w->say = (struct tr){{NULL, NULL, NULL}};
    TRY(work_begin(x->w, e));
    TRY(work_end(x->w, changed(x, e), e));
    if (now)
        *now = c;
    return RC_OK;
}

static const char *given_one(struct work *w, const char *name, const char *value)
{
    struct workflow_given g = {name, value};
    return case_given_json(w, &g, 1);
}

static enum rc still_open(struct change *x, struct err *e)
{
    static const struct tr over = {{"Dosarul este încheiat.", "Az ügy lezárult.", "The case has ended."}};

    if (!x->c->closed_ms)
        return RC_OK;
    x->w->say = over;
    return err_set(e, RC_STATE, "case %s has ended", x->c->id);
}

/* ---- assignment ---- */

enum rc case_assignable(struct work *w, const struct casefile *c, const char *account, struct err *e)
{
    static const struct tr odd = {{"Persoana aceasta nu lucrează la biroul dosarului.",
                                   "Ez a személy nem az ügy irodájában dolgozik.",
                                   "This person does not work at the case's office."}};
    static const char *const roles[] = {"clerk", "head", "officer", "field", "registrar", "archivist"};
    const struct right_action work = {
        .id = "case.work", .roles = (const char **)roles, .n_roles = COUNT(roles)};
    const struct rights_place at = {.institution = c->institution, .department = c->department};
    struct institutions tree;
    struct actor who;
    struct err no = {0};
    enum rc rc = strlen(account) <= 32 ? work_actor(w, account, &who, &no) : RC_NOT_FOUND;

    if (rc == RC_NOT_FOUND || rc == RC_DENIED)
        return case_bad(w, "assignee", &odd, e);
    if (rc != RC_OK)
        return err_set(e, rc, "%s", no.text);
    TRY(work_tree(w, &tree, e));
    if (!rights_decide_roles(&w->house->rights, &tree, &who.person, &work, &at).allowed)
        return case_bad(w, "assignee", &odd, e);
    return RC_OK;
}

/* Whoever gets it sees what the one who was gone would have seen. */
static enum rc mark_before(struct change *x, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(x->c->id)};

    TRY(work_sql(x->w, SQL_CASE_MARK_BEFORE, p, &r, e));
    x->c->attention = arena_str(x->w->a, db_text(r, 0, 0));
    return RC_OK;
}

static enum rc apply_assign(struct change *x, struct err *e)
{
    const char *to = x->what;

    TRY(still_open(x, e));
    x->c->assignee = NULL;
    if (strcmp(x->c->attention, CASE_UNHELD) == 0)
        TRY(mark_before(x, e));
    if (!to || !*to)
        return RC_OK;
    TRY(case_assignable(x->w, x->c, to, e));
    TRY(case_stand_in(x->w, to, &x->c->assignee, e));
    return case_staff_assigned(x->w, x->who, x->c, e);
}

enum rc case_assign(struct work *w, const struct actor *who, const struct case_step *s, const char *assignee,
                    struct casefile *now, struct err *e)
{
    struct change x = {.w = w,
                       .who = who,
                       .step = s,
                       .act = "assign",
                       .given = given_one(w, "assignee", assignee ? assignee : ""),
                       .what = assignee,
                       .apply = apply_assign,
                       .right = "case.assign"};
    return change(&x, now, e);
}

/* ---- notes ---- */

static enum rc note_inside(struct work *w, const struct actor *who, const struct case_step *s,
                           const char *text, bool public, struct err *e)
{
    struct casefile c;
    const char *clean;

    TRY(case_get(w, s->id, true, &c, e));
    TRY(case_may(w, who, "case.note", &c, s->reason, e));
    TRY(case_text(w, "text", text, &clean, e));
    struct db_param p[] = {DB_STR(c.id), DB_STR(case_int(w->a, w->now_ms())), DB_STR(who->account),
                           DB_STR(public ? "true" : "false"), DB_STR(clean)};
    TRY(work_sql(w, SQL_CASE_NOTE_ADD, p, NULL, e));
    struct case_happening h = {.who = who, .act = "note", .from = c.state, .to = c.state, .public = public};
    return case_event(w, &c, &h, e);
}

enum rc case_note(struct work *w, const struct actor *who, const struct case_step *s, const char *text,
                  bool public, struct err *e)
{
    w->say = (struct tr){{NULL, NULL, NULL}};
    TRY(work_begin(w, e));
    return work_end(w, note_inside(w, who, s, text, public, e), e);
}

/* ---- facts that a person settles ---- */

static const struct {
    const char *path, *roles[6];
    size_t n;
} facts[] = {
    {"case.both_present", {"officer"}, 1},
    {"case.evidence", {"field", "clerk", "head"}, 3},
    {"case.approvals_open", {"officer", "county"}, 2},
    {"case.place_free", {"clerk", "head"}, 2},
    {"case.delivered", {"clerk", "officer", "archivist", "field", "head"}, 5},
};

static enum rc may_settle(struct change *x, const char *path, struct err *e)
{
    static const struct tr none = {
        {"Acest lucru nu se trece cu mâna.", "Ez kézzel nem rögzíthető.", "This is not settled by hand."}};
    static const struct tr no = {
        {"Altcineva poate confirma acest lucru.", "Ezt más igazolhatja.", "Somebody else can confirm this."}};
    struct institutions tree;
    const struct rights_place at = {.institution = x->c->institution, .department = x->c->department};

    for (size_t i = 0; i < COUNT(facts); i++) {
        if (strcmp(facts[i].path, path) != 0)
            continue;
        const struct right_action one = {path, (const char **)facts[i].roles, facts[i].n, NULL};
        TRY(work_tree(x->w, &tree, e));
        struct rights_verdict v =
            rights_decide_roles(&x->w->house->rights, &tree, &x->who->person, &one, &at);
        if (v.allowed && x->who->kind == ACTOR_STAFF)
            return RC_OK;
        x->w->say = no;
        return err_set(e, RC_DENIED, "%s is not for %s", path, x->who->account);
    }
    return case_bad(x->w, "path", &none, e);
}

static enum rc apply_fact(struct change *x, struct err *e)
{
    static const struct tr odd = {
        {"Valoarea este da sau nu.", "Az érték igen vagy nem.", "The value is yes or no."}};
    const struct workflow_given *g = x->what;

    TRY(may_settle(x, g->need, e));
    if (strcmp(g->value, "true") != 0 && strcmp(g->value, "false") != 0)
        return case_bad(x->w, "value", &odd, e);
    TRY(still_open(x, e));
    case_settle(x->w, x->c, g->need, g->value);
    x->given = case_given_json(x->w, g, 1);
    x->c->attention = "";
    return RC_OK;
}

static enum rc fact_inside(struct change *x, struct err *e)
{
    TRY(changed(x, e));
    return case_drive(x->w, x->c, e);
}

enum rc case_fact(struct work *w, const struct actor *who, const struct case_step *s,
                  const struct workflow_given *fact, struct casefile *now, struct err *e)
{
    struct workflow_given g = {fact->need ? fact->need : "", fact->value ? fact->value : ""};
    struct casefile c;
    struct change x = {
        .w = w, .who = who, .step = s, .c = &c, .act = "fact", .what = &g, .apply = apply_fact};

    w->say = (struct tr){{NULL, NULL, NULL}};
    TRY(work_begin(w, e));
    TRY(work_end(w, fact_inside(&x, e), e));
    if (now)
        *now = c;
    return RC_OK;
}

/* ---- restricted access ---- */

static enum rc apply_seal(struct change *x, struct err *e)
{
    const bool *sealed = x->what;
    uint64_t flag = workflow_flag(&x->w->house->workflows, "sealed") & x->c->flow->bears;
    const char *reason;

    TRY(case_text(x->w, "reason", x->step->reason, &reason, e));
    x->given = given_one(x->w, "reason", reason);
    x->c->sealed = *sealed;
    x->c->bits = *sealed ? x->c->bits | flag : x->c->bits & ~flag;
    return RC_OK;
}

enum rc case_seal(struct work *w, const struct actor *who, const struct case_step *s, bool sealed,
                  struct casefile *now, struct err *e)
{
    struct change x = {.w = w,
                       .who = who,
                       .step = s,
                       .act = sealed ? "seal" : "unseal",
                       .what = &sealed,
                       .apply = apply_seal,
                       .right = sealed ? "case.seal" : "case.unseal"};
    return change(&x, now, e);
}

/* ---- opinions and other tasks ---- */

static enum rc for_whom(struct change *x, const struct rights_place *at, const char *kind, struct err *e)
{
    static const struct tr no = {
        {"Sarcina este a altui birou.", "A feladat másik irodáé.", "The task is another office's."}};
    static const char *const opinion[] = {"expert", "head", "officer", "county"};
    static const char *const other[] = {"clerk", "head", "officer", "field", "registrar", "archivist"};
    bool is = strcmp(kind, "opinion") == 0;
    const struct right_action one = {kind, (const char **)(is ? opinion : other),
                                     is ? COUNT(opinion) : COUNT(other), NULL};
    struct institutions tree;

    TRY(work_tree(x->w, &tree, e));
    struct rights_verdict v = rights_decide_roles(&x->w->house->rights, &tree, &x->who->person, &one, at);
    if (v.allowed && x->who->kind == ACTOR_STAFF)
        return RC_OK;
    x->w->say = no;
    return err_set(e, RC_DENIED, "the task is not %s's", x->who->account);
}

static enum rc result_fits(struct change *x, const char *kind, const struct case_opinion *o, struct err *e)
{
    static const struct tr odd = {{"Rezultatul nu se potrivește sarcinii.",
                                   "Az eredmény nem illik a feladathoz.",
                                   "The result does not fit the task."}};
    bool opinion = strcmp(kind, "opinion") == 0;
    static const char *const words[] = {"positive", "negative", "none", "done"};

    for (size_t i = 0; o->result && i < COUNT(words); i++)
        if (strcmp(words[i], o->result) == 0 && opinion == (i < 3))
            return RC_OK;
    return case_bad(x->w, "result", &odd, e);
}

static enum rc apply_opinion(struct change *x, struct err *e)
{
    static const struct tr over = {{"La această sarcină s-a răspuns deja.",
                                    "Erre a feladatra már válaszoltak.", "This task was answered already."}};
    static const struct tr none = {{"Sarcina nu este în acest dosar.", "A feladat nincs ebben az ügyben.",
                                    "The task is not in this case."}};
    const struct case_opinion *o = x->what;
    struct arena *a = x->w->a;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_result *done SCOPED(db_result_freep) = NULL;
    struct db_param get[] = {DB_STR(case_int(a, o->task)), DB_STR(x->c->id)};
    const char *text = "";

    TRY(work_sql(x->w, SQL_CASE_TASK_GET, get, &r, e));
    if (db_rows(r) != 1)
        return case_bad(x->w, "task", &none, e);
    const char *kind = arena_str(a, db_text(r, 0, 0));
    const struct rights_place at = {.institution = arena_str(a, db_text(r, 0, 1)),
                                    .department = arena_str(a, db_text(r, 0, 2))};
    TRY(for_whom(x, &at, kind, e));
    TRY(result_fits(x, kind, o, e));
    if ((o->text && *o->text) || strcmp(o->result, "negative") == 0)
        TRY(case_text(x->w, "text", o->text, &text, e));
    struct db_param put[] = {DB_STR(case_int(a, o->task)), DB_STR(case_int(a, x->w->now_ms())),
                             DB_STR(x->who->account), DB_STR(o->result), DB_STR(text)};
    TRY(work_sql(x->w, SQL_CASE_TASK_DONE, put, &done, e));
    if (db_rows(done) != 1) {
        x->w->say = over;
        return err_set(e, RC_STATE, "task %lld was answered", (long long)o->task);
    }
    struct workflow_given g[] = {{"task", case_int(a, o->task)}, {"result", o->result}};
    x->given = case_given_json(x->w, g, 2);
    return RC_OK;
}

/* The last one that was waited for frees the case; while it is with the citizen, the office does it later. */
static enum rc opinions_in(struct change *x, struct err *e)
{
    const struct workflow_choice *may;
    struct casefile c;
    size_t n;

    TRY(changed(x, e));
    TRY(case_choices(x->w, &actor_system, x->c, &may, &n, e));
    for (size_t i = 0; i < n; i++) {
        struct case_act act = {.id = x->c->id, .action = "opinions_done", .version = x->c->version};
        if (!may[i].allowed || strcmp(may[i].action->id, act.action) != 0)
            continue;
        TRY(case_step_inside(x->w, &actor_system, &act, &c, e));
        *x->c = c;
        break;
    }
    return RC_OK;
}

enum rc case_opinion(struct work *w, const struct actor *who, const struct case_step *s,
                     const struct case_opinion *o, struct casefile *now, struct err *e)
{
    struct casefile c = {.id = s->id};
    struct change x = {
        .w = w, .who = who, .step = s, .c = &c, .act = "opinion", .what = o, .apply = apply_opinion};

    w->say = (struct tr){{NULL, NULL, NULL}};
    TRY(work_begin(w, e));
    TRY(work_end(w, opinions_in(&x, e), e));
    if (now)
        *now = c;
    return RC_OK;
}
