/* Who is away, and who does their work meanwhile. */
#include "backend/case_priv.h"

#include <string.h>

enum { ABSENT_DAYS_MAX = 366 };

enum rc case_stand_in(struct work *w, const char *account, const char **out, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param p[] = {DB_STR(account), DB_STR(case_day(w->a, case_today(w)))};

    *out = account;
    TRY(work_sql(w, SQL_CASE_STAND_IN, p, &r, e));
    if (db_rows(r) == 1)
        *out = arena_str(w->a, db_text(r, 0, 0));
    return RC_OK;
}

/* Roles that a head of office hands on; whoever signs hands on alone, or by another who signs. */
static bool handed_on(const char *role)
{
    static const char *const roles[] = {"clerk", "registrar", "head", "expert", "field", "archivist"};
    for (size_t i = 0; i < COUNT(roles); i++)
        if (strcmp(roles[i], role) == 0)
            return true;
    return false;
}

static enum rc may_hand_on(struct work *w, const struct institutions *tree, const struct actor *who,
                           const struct grant *g, struct err *e)
{
    const char *signs[] = {g->role, "approver"};
    const struct right_action over = {"team.delegate", signs, COUNT(signs), NULL};
    const struct rights_person one = {.name = "", .grants = g, .n = 1};
    const struct right_action its = {g->role, (const char **)(uintptr_t)&g->role, 1, NULL};

    for (size_t i = 0; i < tree->n; i++) {
        const struct rights_place at = {tree->items[i].id, g->department, false, false};
        if (!rights_decide_roles(&w->house->rights, tree, &one, &its, &at).allowed)
            continue;
        TRY(work_may(w, who, "team.delegate", &at, e));
        if (!handed_on(g->role) &&
            !rights_decide_roles(&w->house->rights, tree, &who->person, &over, &at).allowed)
            return err_set(e, RC_DENIED, "%s may not hand on the role %s", who->account, g->role);
    }
    return RC_OK;
}

/* One's own absence, or that of somebody whose whole work lies in one's office: the stand-in gets all of it.
 * Who stands in for them may neither prolong nor end it by what they lent: it would be lent by who holds it.
 */
static enum rc may_delegate(struct work *w, const struct actor *who, const struct actor *away, struct err *e)
{
    static const struct tr no = {{"Nu puteți trece absența acestei persoane.",
                                  "Ennek a személynek a távollétét nem rögzítheti.",
                                  "You cannot enter the absence of this person."}};
    struct institutions tree;
    struct actor own = *who;
    enum rc rc = RC_DENIED; /* whose work is none of an office's, is entered by nobody else */

    if (strcmp(who->account, away->account) == 0)
        return RC_OK;
    if (who->kind == ACTOR_STAFF)
        TRY(case_actor_apart(w, who->account, away->account, &own, e));
    TRY(work_tree(w, &tree, e));
    for (size_t i = 0; i < away->person.n; i++) {
        if (!workflow_role(&w->house->workflows, away->person.grants[i].role))
            continue;
        rc = may_hand_on(w, &tree, &own, &away->person.grants[i], e);
        if (rc != RC_OK)
            break;
    }
    if (rc == RC_DENIED) {
        w->say = no;
        return err_set(e, rc, "%s may not enter the absence of %s", who->account, away->account);
    }
    return rc;
}

static enum rc known(struct work *w, const char *path, const char *account, struct actor *out, struct err *e)
{
    static const struct tr odd = {{"Acest cont nu există sau este închis.",
                                   "Ez a fiók nem létezik vagy le van tiltva.",
                                   "There is no such account, or it is disabled."}};
    struct err no = {0};
    enum rc rc = account && strlen(account) <= 32 ? work_actor(w, account, out, &no) : RC_NOT_FOUND;

    if (rc == RC_NOT_FOUND || rc == RC_DENIED)
        return case_bad(w, path, &odd, e);
    return rc == RC_OK ? RC_OK : err_set(e, rc, "%s", no.text);
}

static enum rc days_fit(struct work *w, const struct case_delegation *d, struct err *e)
{
    static const struct tr odd = {
        {"Zilele nu sunt în ordine.", "A napok sorrendje hibás.", "The days are not in order."}};
    static const struct tr past = {
        {"Absența s-a încheiat deja.", "A távollét már véget ért.", "The absence is over already."}};

    if (!date_valid(d->from) || !date_valid(d->to) || date_cmp(d->from, d->to) > 0 ||
        date_days(d->to) - date_days(d->from) > ABSENT_DAYS_MAX)
        return case_bad(w, "to", &odd, e);
    return date_cmp(d->to, case_today(w)) < 0 ? case_bad(w, "to", &past, e) : RC_OK;
}

/* One stand-in at a time, and one who is there: the chain of absences has one link, and no loop. */
static enum rc free_then(struct work *w, const struct case_delegation *d, struct err *e)
{
    static const struct tr twice = {
        {"Absența se suprapune cu alta, deja trecută. Încheiați-o întâi pe aceea.",
         "A távollét átfed egy már rögzítettel. Előbb azt zárja le.",
         "The absence overlaps with one that is entered already. End that one first."}};
    static const struct tr away = {{"Înlocuitorul este și el absent în aceste zile. Alegeți pe altcineva.",
                                    "A helyettes maga is távol van ezeken a napokon. Válasszon mást.",
                                    "The stand-in is away on these days, too. Choose somebody else."}};
    struct db_result *locked SCOPED(db_result_freep) = NULL;
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param both[] = {DB_STR(d->account), DB_STR(d->to_account)};
    struct db_param p[] = {DB_STR(d->account), DB_STR(d->to_account), DB_STR(case_day(w->a, d->from)),
                           DB_STR(case_day(w->a, d->to))};

    TRY(work_sql(w, SQL_CASE_DELEGATION_LOCK, both, &locked, e));
    TRY(work_sql(w, SQL_CASE_DELEGATION_MEETS, p, &r, e));
    if (db_text(r, 0, 0)[0] == 't')
        return case_bad(w, "from", &twice, e);
    return db_text(r, 0, 1)[0] == 't' ? case_bad(w, "to_account", &away, e) : RC_OK;
}

static enum rc delegate_inside(struct work *w, const struct actor *who, const struct case_delegation *d,
                               int64_t *id, struct err *e)
{
    static const struct tr self = {{"Înlocuitorul este altă persoană, din aceeași instituție.",
                                    "A helyettes egy másik személy ugyanabból az intézményből.",
                                    "The stand-in is somebody else of the same institution."}};
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct actor away, here;
    const char *reason;

    TRY(known(w, "account", d->account, &away, e));
    TRY(may_delegate(w, who, &away, e));
    TRY(known(w, "to_account", d->to_account, &here, e));
    if (strcmp(away.account, here.account) == 0 || strcmp(away.institution, here.institution) != 0)
        return case_bad(w, "to_account", &self, e);
    TRY(days_fit(w, d, e));
    TRY(free_then(w, d, e));
    TRY(case_text(w, "reason", d->reason, &reason, e));
    struct db_param p[] = {
        DB_STR(away.account),          DB_STR(here.account), DB_STR(case_day(w->a, d->from)),
        DB_STR(case_day(w->a, d->to)), DB_STR(reason),       DB_STR(case_int(w->a, w->now_ms())),
        DB_STR(who->account)};
    TRY(work_sql(w, SQL_CASE_DELEGATION_ADD, p, &r, e));
    *id = db_int(r, 0, 0);
    return work_audit(w, who,
                      &(struct work_log){away.institution, NULL, "delegated",
                                         arena_fmt(w->a, "%s to %s, %s to %s", away.account, here.account,
                                                   case_day(w->a, d->from), case_day(w->a, d->to))},
                      e);
}

enum rc case_delegate(struct work *w, const struct actor *who, const struct case_delegation *d, int64_t *id,
                      struct err *e)
{
    w->say = (struct tr){{NULL, NULL, NULL}};
    TRY(work_begin(w, e));
    return work_end(w, delegate_inside(w, who, d, id, e), e);
}

static enum rc end_inside(struct work *w, const struct actor *who, int64_t id, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct db_param get[] = {DB_STR(case_int(w->a, id))};
    struct db_param end[] = {DB_STR(case_int(w->a, id)), DB_STR(case_int(w->a, w->now_ms())),
                             DB_STR(who->account)};
    struct actor away;
    struct err closed = {0};

    TRY(work_sql(w, SQL_CASE_DELEGATION_GET, get, &r, e));
    if (db_rows(r) != 1)
        return err_set(e, RC_NOT_FOUND, "there is no such absence, or it has ended");
    enum rc rc = work_actor(w, arena_str(w->a, db_text(r, 0, 0)), &away, &closed);
    if (rc != RC_OK && rc != RC_DENIED) /* the absence outlives a disabled account */
        return err_set(e, rc, "%s", closed.text);
    TRY(may_delegate(w, who, &away, e));
    TRY(work_sql(w, SQL_CASE_DELEGATION_END, end, NULL, e));
    return work_audit(w, who, &(struct work_log){away.institution, NULL, "delegation ended", away.account},
                      e);
}

enum rc case_delegate_end(struct work *w, const struct actor *who, int64_t id, struct err *e)
{
    w->say = (struct tr){{NULL, NULL, NULL}};
    TRY(work_begin(w, e));
    return work_end(w, end_inside(w, who, id, e), e);
}
