/* Accounts and roles. An administrator manages who belongs to the institutions in reach, and nobody whose own
 * roles reach further. */
#include <string.h>

#include "backend/desk_priv.h"
#include "backend/people.h"
#include "backend/sql.h"

struct user_in {
    const char *name, *full_name, *institution;
};
static const struct jfield user_fields[] = {
    JF_STR(struct user_in, name, J_REQ, 2, 32),
    JF_STR(struct user_in, full_name, J_REQ, 1, 120),
    JF_STR(struct user_in, institution, J_REQ, 1, 64),
};
JDESC(desk_user_in, struct user_in, user_fields);

struct user_act_in {
    const char *act;
};
static const char *const user_acts[] = {"disable", "enable", "reset", "totp", "totp_off", NULL};
static const struct jfield user_act_fields[] = {JF_WORD(struct user_act_in, act, J_REQ, user_acts)};
JDESC(desk_user_act_in, struct user_act_in, user_act_fields);

struct role_in {
    const char *act, *account, *role, *reach, *institution, *department;
};
static const char *const role_acts[] = {"grant", "revoke", NULL};
static const char *const reaches[] = {"department", "institution", "below", NULL};
static const struct jfield role_fields[] = {
    JF_WORD(struct role_in, act, J_REQ, role_acts),    JF_STR(struct role_in, account, J_REQ, 1, 64),
    JF_STR(struct role_in, role, J_REQ, 1, 32),        JF_WORD(struct role_in, reach, J_REQ, reaches),
    JF_STR(struct role_in, institution, J_REQ, 1, 64), JF_STR(struct role_in, department, 0, 0, 64),
};
JDESC(desk_role_in, struct role_in, role_fields);

static bool name_fits(const char *s)
{
    if (*s < 'a' || *s > 'z')
        return false;
    return s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789._-")] == 0;
}

/* {"clerk": {"ro": ...}, ...} */
static const char *role_names(struct desk_call *c)
{
    const struct rights *r = &c->w->house->rights;
    BUF_SCOPE(out);

    js_open(&out, NULL, '{');
    for (size_t i = 0; i < r->n_roles; i++)
        js_tr(&out, r->roles[i].id, &r->roles[i].name);
    js_close(&out, '}');
    return arena_str(c->w->a, out.p);
}

enum rc desk_users(struct desk_call *c, const void *in, struct err *e)
{
    struct db_result *r SCOPED(db_result_freep) = NULL;
    struct desk_scope scope;

    (void)in;
    TRY(desk_scope(c, "user.view", &scope, e));
    struct db_param p[] = {scope.institutions, DB_STR(role_names(c))};
    TRY(work_sql(c->w, SQL_DESK_USERS, p, &r, e));
    js_raw(&c->out, NULL, db_text(r, 0, 0));
    return RC_OK;
}

enum rc desk_user_add(struct desk_call *c, const void *in, struct err *e)
{
    static const struct tr odd = {
        {"Numele contului începe cu o literă mică și are numai litere mici fără "
         "diacritice, cifre, punct și liniuță.",
         "A fióknév kisbetűvel kezdődik, és csak ékezet nélküli kisbetűt, számjegyet, "
         "pontot és kötőjelet tartalmaz.",
         "The account's name begins with a small letter and has only small letters "
         "without accents, digits, dot and dash."}};
    static const struct tr taken = {{"Un cont cu acest nume există deja. Alegeți alt nume.",
                                     "Ilyen nevű fiók már létezik. Válasszon másik nevet.",
                                     "An account of this name exists already. Choose another name."}};
    const struct user_in *u = in;
    struct people_role at = {.account = u->name, .institution = u->institution};
    struct desk_scope scope;
    char code[LOGIN_CODE];

    TRY(desk_scope(c, "user.manage", &scope, e));
    if (!desk_reaches(&scope, u->institution, ""))
        return err_set(e, RC_DENIED, "not in this institution");
    if (!name_fits(u->name)) {
        c->w->say = odd;
        return err_at(e, RC_BAD_FIELD, "name", "small letters, digits, dot, dash");
    }
    enum rc rc = people_add(c->w->db, &at, u->full_name, c->who.account, e);
    if (rc == RC_CONFLICT)
        c->w->say = taken; /* the institution is there: it was reached */
    TRY(rc);
    TRY(login_reset(c->login, u->name, c->who.account, code, e));
    js_open(&c->out, NULL, '{');
    js_str(&c->out, "code", code);
    js_close(&c->out, '}');
    wipe(code, sizeof(code));
    return RC_OK;
}

/* Does the reach cover the grant with all that it reaches? */
static enum rc covers(struct desk_call *c, const struct desk_scope *scope, const struct grant *g, bool *yes,
                      struct err *e)
{
    struct institutions tree;
    struct rights_person one = {.name = "?", .grants = g, .n = 1};
    struct right_action all = {.id = g->role, .roles = (const char **)(uintptr_t)&g->role, .n_roles = 1};

    *yes = desk_reaches(scope, g->institution, "");
    if (!*yes || reach_of(g->reach) != REACH_BELOW)
        return RC_OK;
    TRY(work_tree(c->w, &tree, e));
    for (size_t i = 0; i < tree.n; i++) {
        struct rights_place at = {.institution = tree.items[i].id, .department = "", .reason = true};
        if (rights_decide_roles(&c->w->house->rights, &tree, &one, &all, &at).allowed)
            *yes &= desk_reaches(scope, tree.items[i].id, "");
    }
    return RC_OK;
}

/* Of an account elsewhere it is not even said that it exists. */
static enum rc in_reach(struct desk_call *c, const char *right, const char *account, struct err *e)
{
    struct desk_scope scope;
    struct actor them;
    bool yes = true;

    TRY(desk_scope(c, right, &scope, e));
    enum rc rc = work_actor(c->w, account, &them, e);
    if (rc != RC_OK && rc != RC_DENIED) /* disabled ones are managed, too */
        return rc;
    if (!desk_reaches(&scope, them.institution, ""))
        return err_code(e, RC_NOT_FOUND, desk_foreign, 0, "there is no account %s", account);
    for (size_t i = 0; i < them.person.n && yes; i++)
        TRY(covers(c, &scope, &them.person.grants[i], &yes, e));
    *e = (struct err){0};
    return yes ? RC_OK : err_set(e, RC_DENIED, "%s has roles beyond your reach", account);
}

/* Who holds the keys of the house does not hold the own: a second factor that one takes off oneself is none.
 */
static enum rc another(struct desk_call *c, const char *account, struct err *e)
{
    static const struct tr own = {{"Contul propriu îl schimbă alt administrator.",
                                   "A saját fiókot másik rendszergazda módosítja.",
                                   "Your own account is changed by another administrator."}};

    if (strcmp(account, c->who.account) != 0)
        return RC_OK;
    c->w->say = own;
    return err_set(e, RC_DENIED, "nobody manages the own account");
}

enum rc desk_user_act(struct desk_call *c, const void *in, struct err *e)
{
    const char *act = ((const struct user_act_in *)in)->act, *uri = NULL;
    bool able = strcmp(act, "disable") == 0 || strcmp(act, "enable") == 0;
    char code[LOGIN_CODE] = "";

    TRY(another(c, c->id, e));
    TRY(in_reach(c, able ? "user.manage" : "user.password", c->id, e));
    if (able)
        return people_disable(c->w->db, c->id, strcmp(act, "disable") == 0, c->who.account, e);
    if (strcmp(act, "reset") == 0)
        TRY(login_reset(c->login, c->id, c->who.account, code, e));
    else
        TRY(login_totp(c->login, c->w->a, c->id, c->who.account, strcmp(act, "totp") == 0 ? &uri : NULL, e));
    js_open(&c->out, NULL, '{');
    if (*code)
        js_str(&c->out, "code", code);
    if (uri)
        js_str(&c->out, "uri", uri);
    js_close(&c->out, '}');
    wipe(code, sizeof(code));
    return RC_OK;
}

/* Whose account belongs elsewhere gets no role here: their own administrator could not manage them any more.
 */
static enum rc ours(struct desk_call *c, const struct desk_scope *scope, const char *account, struct err *e)
{
    struct actor them;
    enum rc rc = work_actor(c->w, account, &them, e);

    if (rc != RC_OK && rc != RC_DENIED)
        return rc == RC_NOT_FOUND ? err_set(e, RC_CONFLICT, "there is no account %s", account) : rc;
    *e = (struct err){0};
    return desk_reaches(scope, them.institution, "")
               ? RC_OK
               : err_set(e, RC_DENIED, "%s belongs to another institution", account);
}

static void say_conflict(struct desk_call *c, bool grant, bool known)
{
    static const struct tr held = {{"Persoana are deja acest rol aici.",
                                    "A személynek már megvan itt ez a szerepköre.",
                                    "The person holds this role here already."}};
    static const struct tr gone = {{"Persoana nu mai are acest rol. Reîncărcați pagina.",
                                    "A személynek már nincs meg ez a szerepköre. Töltse újra az oldalt.",
                                    "The person does not hold this role any more. Load the page again."}};
    static const struct tr nobody = {
        {"Nu există un cont cu acest nume.", "Nincs ilyen nevű fiók.", "There is no account of this name."}};

    c->w->say = !known ? nobody : grant ? held : gone;
}

enum rc desk_role(struct desk_call *c, const void *in, struct err *e)
{
    const struct role_in *r = in;
    struct people_role row = {r->account, r->role, r->reach, r->institution,
                              r->department ? r->department : ""};
    struct grant g = {row.role, row.reach, row.institution, row.department};
    struct desk_scope scope;
    bool yes;

    TRY(another(c, r->account, e));
    if (*row.department && !catalog_department(&c->w->house->catalog, row.department))
        return err_at(e, RC_BAD_FIELD, "department", "there is no such department");
    TRY(desk_scope(c, "role.grant", &scope, e));
    TRY(covers(c, &scope, &g, &yes, e));
    if (!yes)
        return err_set(e, RC_DENIED, "not in this institution");
    bool grant = strcmp(r->act, "grant") == 0;
    enum rc rc = grant ? ours(c, &scope, r->account, e) : RC_OK;
    bool known = rc == RC_OK;
    if (known)
        rc = people_role(c->w->db, &c->w->house->rights, &row, grant, c->who.account, e);
    if (rc == RC_CONFLICT)
        say_conflict(c, grant, known);
    return rc == RC_BAD_REQUEST ? err_at(e, RC_BAD_FIELD, "role", "%s", e->text) : rc;
}
