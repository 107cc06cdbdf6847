/* The case as the workflow and the rights see it. */
#include "backend/case_priv.h"

#include <string.h>

#include "backend/people.h"

/* ---- facts ---- */

const char *case_fact_of(const struct casefile *c, const char *path)
{
    return jval_str(c->facts, path, NULL);
}

void case_settle(struct work *w, struct casefile *c, const char *path, const char *value)
{
    size_t n = c->facts ? c->facts->n : 0, k = 0;
    struct jval *v = ARENA_NEW(w->a, struct jval);

    v->kind = JV_OBJ;
    v->items = ARENA_ARRAY(w->a, struct jval, n + 1);
    v->names = ARENA_ARRAY(w->a, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(c->facts->names[i], path) == 0)
            continue;
        v->names[k] = c->facts->names[i];
        v->items[k++] = c->facts->items[i];
    }
    if (value) {
        v->names[k] = arena_str(w->a, path);
        v->items[k++] = (struct jval){.kind = JV_STR, .s = arena_str(w->a, value)};
    }
    v->n = k;
    c->facts = v;
}

static const char *word(bool yes)
{
    return yes ? "true" : "false";
}

struct computed {
    const char *path;
    bool yes;
};

static enum rc set_all(struct work *w, const struct computed *x, size_t n, struct workflow_facts *out,
                       struct err *e)
{
    for (size_t i = 0; i < n; i++)
        TRY(workflow_fact(&w->house->workflows, out, x[i].path, word(x[i].yes), e));
    return RC_OK;
}

static enum rc settled(struct work *w, const struct casefile *c, struct workflow_facts *out, struct err *e)
{
    for (size_t i = 0; c->facts && i < c->facts->n; i++)
        if (strncmp(c->facts->names[i], "case.", 5) == 0 && c->facts->items[i].kind == JV_STR)
            TRY(workflow_fact(&w->house->workflows, out, c->facts->names[i], c->facts->items[i].s, e));
    return RC_OK;
}

static bool by_hand(const struct casefile *c, const char *path)
{
    const char *v = case_fact_of(c, path);
    return v && strcmp(v, "true") == 0;
}

enum rc case_facts(struct work *w, const struct casefile *c, struct workflow_facts *out, const char **author,
                   struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct date today = case_today(w), zero = {1970, 1, 1};
    struct db_param p[] = {DB_STR(c->id), DB_STR(case_day(w->a, today)),
                           DB_STR(c->request_id ? c->request_id : c->id)};
    bool b[10] = {false};

    *out = (struct workflow_facts){{0}};
    TRY(work_sql(w, SQL_CASE_FACTS, p, &r, e));
    for (int i = 0; i < 9; i++)
        b[i] = i != 2 && !db_is_null(r, 0, i) && db_text(r, 0, i)[0] == 't';
    bool waits = !db_is_null(r, 0, 2), contest = b[3];
    struct date until = date_add(zero, db_int(r, 0, 2));
    int ahead = date_cmp(today, until);
    const struct computed x[] = {
        {"case.opinions_open", b[0]},
        {"case.opinions_negative", b[1]},
        {"case.wait_over", waits && (contest ? ahead > 0 : ahead >= 0)},
        {"case.document_ready", b[4]},
        {"case.correction_done", b[5]},
        {"case.delivered", b[6] || by_hand(c, "case.delivered")},
        {"case.evidence", (b[7] && b[8]) || by_hand(c, "case.evidence")},
        {"case.before_due", date_valid(c->due) && date_cmp(today, c->due) <= 0},
        {"case.contest_used", (c->bits & workflow_flag(&w->house->workflows, "contested")) != 0},
    };
    TRY(settled(w, c, out, e));
    TRY(case_place_free(w, c, out, e));
    *author = c->author ? c->author : db_is_null(r, 0, 9) ? NULL : arena_str(w->a, db_text(r, 0, 9));
    return set_all(w, x, COUNT(x), out, e);
}

/* ---- roles ---- */

static bool holds(struct work *w, const struct institutions *tree, const struct actor *who, const char *role,
                  const struct rights_place *where)
{
    const struct right_action one = {.id = role, .roles = &role, .n_roles = 1};
    return rights_decide_roles(&w->house->rights, tree, &who->person, &one, where).allowed;
}

/* Who is asked for an opinion acts in a case that is not theirs. */
static enum rc asked_roles(struct work *w, const struct institutions *tree, const struct actor *who,
                           const struct casefile *c, uint32_t *roles, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->id)};

    TRY(work_sql(w, SQL_CASE_TASKS_OPEN, p, &r, e));
    for (int i = 0; i < db_rows(r); i++) {
        struct rights_place at = {.institution = arena_str(w->a, db_text(r, i, 2)),
                                  .department = arena_str(w->a, db_text(r, i, 3))};
        if (strcmp(db_text(r, i, 1), "opinion") == 0 && holds(w, tree, who, "expert", &at))
            *roles |= workflow_role(&w->house->workflows, "expert");
    }
    return RC_OK;
}

static bool has_role(const struct actor *who, const char *role)
{
    for (size_t i = 0; i < who->person.n; i++)
        if (strcmp(who->person.grants[i].role, role) == 0)
            return true;
    return false;
}

static enum rc staff_roles(struct work *w, const struct actor *who, const struct casefile *c,
                           struct workflow_actor *out, struct err *e)
{
    struct institutions tree;
    const struct workflows *f = &w->house->workflows;
    const struct rights_place at = {.institution = c->institution, .department = c->department};

    TRY(work_tree(w, &tree, e));
    for (size_t i = 0; i < f->roles.n; i++) {
        const char *role = f->roles.items[i].id;
        if (!has_role(who, role))
            continue;
        if (holds(w, &tree, who, role, &at))
            out->roles |= 1u << i;
        else
            out->abroad |= 1u << i;
    }
    if (out->abroad & workflow_role(f, "expert"))
        TRY(asked_roles(w, &tree, who, c, &out->roles, e));
    out->abroad &= ~out->roles;
    return RC_OK;
}

enum rc case_view(struct work *w, const struct actor *who, const struct casefile *c, struct workflow_case *as,
                  struct workflow_actor *actor, struct err *e)
{
    const char *author;

    *as = (struct workflow_case){.flow = c->flow,
                                 .state = c->state,
                                 .flags = c->bits,
                                 .version = c->version,
                                 .assignee = c->assignee,
                                 .department = c->department};
    *actor = (struct workflow_actor){0};
    TRY(case_facts(w, c, &as->facts, &author, e));
    if (who->kind == ACTOR_SYSTEM) {
        actor->roles = workflow_role(&w->house->workflows, "system");
        return RC_OK;
    }
    if (who->kind == ACTOR_CITIZEN) {
        actor->roles = workflow_role(&w->house->workflows, "applicant");
        return RC_OK;
    }
    actor->id = who->account;
    actor->is_author = author && strcmp(author, who->account) == 0;
    return staff_roles(w, who, c, actor, e);
}

/* What the program thinks is right stands first; a person decides. */
static void propose(struct workflow_choice *list, size_t n, const char *action)
{
    for (size_t i = 1; i < n; i++) {
        const struct workflow_choice x = list[i];
        if (strcmp(x.action->id, action) != 0 || !x.allowed)
            continue;
        memmove(&list[1], &list[0], i * sizeof(*list));
        list[0] = x;
    }
}

enum rc case_choices(struct work *w, const struct actor *who, const struct casefile *c,
                     const struct workflow_choice **out, size_t *n, struct err *e)
{
    struct workflow_case as;
    struct workflow_actor actor;

    TRY(case_view(w, who, c, &as, &actor, e));
    struct workflow_choice *list =
        (struct workflow_choice *)(uintptr_t)workflow_actions(w->a, &w->house->workflows, &as, &actor, n);
    if (c->bits & workflow_flag(&w->house->workflows, CASE_UNIDENTIFIED))
        propose(list, *n, "file");
    *out = list;
    return RC_OK;
}

/* ---- rights beside the workflow ---- */

static enum rc asked_may(struct work *w, const struct actor *who, const char *right, const struct casefile *c,
                         struct rights_place at, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(c->id)};
    struct err first = *e;

    TRY(work_sql(w, SQL_CASE_TASK_PLACES, p, &r, e));
    for (int i = 0; i < db_rows(r); i++) {
        at.institution = arena_str(w->a, db_text(r, i, 0));
        at.department = arena_str(w->a, db_text(r, i, 1));
        if (work_may(w, who, right, &at, e) == RC_OK)
            return RC_OK;
    }
    *e = first;
    return first.rc;
}

static bool for_the_asked(const char *right)
{
    return strcmp(right, "case.view") == 0 || strcmp(right, "document.view") == 0 ||
           strcmp(right, "case.note") == 0;
}

static void say_denied(struct work *w, const char *code)
{
    static const struct tr reason = {{"Dosarul are acces restrâns: scrieți motivul.",
                                      "Az ügyhöz korlátozott a hozzáférés: írja be az indokot.",
                                      "Access to this case is restricted: give a reason."}};
    static const struct tr no = {{"Nu aveți dreptul acesta pentru acest dosar.",
                                  "Ehhez az ügyhöz nincs ilyen joga.",
                                  "You do not have this right for this case."}};
    w->say = code && strcmp(code, "REASON_NEEDED") == 0 ? reason : no;
}

enum rc case_may(struct work *w, const struct actor *who, const char *right, const struct casefile *c,
                 const char *reason, struct err *e)
{
    const struct right_action *action = rights_action(&w->house->rights, right);
    struct err mine = {0};
    struct rights_place at = {.institution = c->institution,
                              .department = c->department,
                              .sealed = c->sealed,
                              .reason = reason && *reason};

    enum rc rc = work_may(w, who, right, &at, &mine);
    if (rc == RC_DENIED && !mine.code && who->kind == ACTOR_STAFF && for_the_asked(right))
        rc = asked_may(w, who, right, c, at, &mine);
    if (rc != RC_OK) {
        if (e)
            *e = mine;
        if (rc == RC_DENIED)
            say_denied(w, mine.code);
        return rc;
    }
    if (!c->sealed || !action || !action->sealed || who->kind == ACTOR_SYSTEM)
        return RC_OK;
    /* Who looks into a sealed case is written down, with the reason. */
    return work_audit(w, who,
                      &(struct work_log){c->institution, c->id, "sealed case opened",
                                         arena_fmt(w->a, "%s: %s", right, reason)},
                      e);
}

enum rc case_refused(struct work *w, const struct actor *who, const char *id, const char *what, struct err *e)
{
    struct casefile c;
    struct err none = {0};
    bool known = case_get(w, id, false, &c, &none) == RC_OK;

    return work_audit(
        w, who, &(struct work_log){known ? c.institution : NULL, known ? c.id : NULL, "refused", what}, e);
}

/* ---- standing in ---- */

static bool casework(const struct work *w, const char *role)
{
    return workflow_role(&w->house->workflows, role) != 0;
}

static enum rc add_grants(struct work *w, const char *account, struct rights_person *p, struct err *e)
{
    struct rights_person other;

    TRY(people_load(w->db, w->a, account, &other, e));
    if (other.disabled)
        return RC_OK;
    struct grant *g = ARENA_ARRAY(w->a, struct grant, p->n + other.n + 1);
    size_t n = p->n;
    for (size_t i = 0; i < p->n; i++)
        g[i] = p->grants[i];
    for (size_t i = 0; i < other.n; i++)
        if (casework(w, other.grants[i].role))
            g[n++] = other.grants[i];
    p->grants = g;
    p->n = n;
    return RC_OK;
}

enum rc case_actor_apart(struct work *w, const char *account, const char *lender, struct actor *out,
                         struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(account), DB_STR(case_day(w->a, case_today(w)))};

    TRY(work_actor(w, account, out, e));
    TRY(work_sql(w, SQL_CASE_DELEGATION_FOR, p, &r, e));
    for (int i = 0; i < db_rows(r); i++)
        if (!lender || strcmp(db_text(r, i, 0), lender) != 0)
            TRY(add_grants(w, arena_str(w->a, db_text(r, i, 0)), &out->person, e));
    return RC_OK;
}

enum rc case_actor(struct work *w, const char *account, struct actor *out, struct err *e)
{
    return case_actor_apart(w, account, NULL, out, e);
}
