#include "common/model/rights.h"

#include <string.h>

enum { DEPTH_MAX = 16 }; /* of the tree: a circle in it ends here */

static const char *const reach_words[] = {"", "department", "institution", "below"};
static const char *const sealed_words[] = {"reason", NULL};

enum reach reach_of(const char *word)
{
    for (size_t i = REACH_DEPARTMENT; i < COUNT(reach_words); i++)
        if (word && strcmp(word, reach_words[i]) == 0)
            return (enum reach)i;
    return REACH_NONE;
}

static const struct jfield name_fields[] = {
    {"ro", J_STR, J_REQ, offsetof(struct tr, t[LANG_RO]), 0, 1, 128, NULL, NULL},
    {"hu", J_STR, J_REQ, offsetof(struct tr, t[LANG_HU]), 0, 1, 128, NULL, NULL},
    {"en", J_STR, J_REQ, offsetof(struct tr, t[LANG_EN]), 0, 1, 128, NULL, NULL},
};
static JDESC(name_desc, struct tr, name_fields);
static const struct jfield role_fields[] = {
    JF_STR(struct right_role, id, J_REQ, 1, 32),
    JF_STRS(struct right_role, reach, n_reach, J_REQ, 3),
    JF_OBJ(struct right_role, name, J_REQ, &name_desc),
};
static JDESC(role_desc, struct right_role, role_fields);
static const struct jfield action_fields[] = {
    JF_STR(struct right_action, id, J_REQ, 1, 64),
    JF_STRS(struct right_action, roles, n_roles, J_REQ, 32),
    JF_WORD(struct right_action, sealed, 0, sealed_words),
};
static JDESC(action_desc, struct right_action, action_fields);
static const struct jfield rights_fields[] = {
    JF_ARR(struct rights, roles, n_roles, J_REQ, 64, &role_desc),
    JF_ARR(struct rights, actions, n_actions, J_REQ, 256, &action_desc),
};
static JDESC(rights_desc, struct rights, rights_fields);

const struct right_role *rights_role(const struct rights *r, const char *id)
{
    for (size_t i = 0; i < r->n_roles; i++)
        if (strcmp(r->roles[i].id, id) == 0)
            return &r->roles[i];
    return NULL;
}

const struct right_action *rights_action(const struct rights *r, const char *id)
{
    for (size_t i = 0; i < r->n_actions; i++)
        if (strcmp(r->actions[i].id, id) == 0)
            return &r->actions[i];
    return NULL;
}

static enum rc check_role(const struct rights *r, const struct right_role *role, struct err *e)
{
    if (rights_role(r, role->id) != role)
        return err_at(e, RC_BAD_FIELD, "roles.id", "role %s is given twice", role->id);
    if (role->n_reach == 0)
        return err_at(e, RC_BAD_FIELD, "roles.reach", "role %s reaches nowhere", role->id);
    for (size_t i = 0; i < role->n_reach; i++)
        if (reach_of(role->reach[i]) == REACH_NONE)
            return err_at(e, RC_BAD_FIELD, "roles.reach", "role %s: %s is no reach", role->id,
                          role->reach[i]);
    return RC_OK;
}

static enum rc check_action(const struct rights *r, const struct right_action *action, struct err *e)
{
    if (rights_action(r, action->id) != action)
        return err_at(e, RC_BAD_FIELD, "actions.id", "action %s is given twice", action->id);
    if (action->n_roles == 0)
        return err_at(e, RC_BAD_FIELD, "actions.roles", "action %s is nobody's", action->id);
    for (size_t i = 0; i < action->n_roles; i++)
        if (!rights_role(r, action->roles[i]))
            return err_at(e, RC_BAD_FIELD, "actions.roles", "action %s: there is no role %s", action->id,
                          action->roles[i]);
    return RC_OK;
}

enum rc rights_load(struct arena *a, const char *configs, struct rights *out, struct err *e)
{
    const char *path = arena_fmt(a, "%s/roles.json", configs);
    struct rights r = {0};

    TRY(json_load(a, &rights_desc, path, &r, e));
    for (size_t i = 0; i < r.n_roles; i++)
        TRY(check_role(&r, &r.roles[i], e));
    for (size_t i = 0; i < r.n_actions; i++)
        TRY(check_action(&r, &r.actions[i], e));
    *out = r;
    return RC_OK;
}

static bool under(const struct institutions *tree, const char *top, const char *id)
{
    const struct institution *it = institution_find(tree, id);

    for (int depth = 0; it && depth < DEPTH_MAX; depth++) {
        if (strcmp(it->id, top) == 0)
            return true;
        it = it->parent && *it->parent ? institution_find(tree, it->parent) : NULL;
    }
    return false;
}

static bool given(const char *word)
{
    return word && *word;
}

static bool reaches(const struct institutions *tree, const struct grant *g, const struct rights_place *where)
{
    if (!given(g->institution) || !given(where->institution))
        return false;
    bool here = strcmp(g->institution, where->institution) == 0 && institution_find(tree, g->institution);

    switch (reach_of(g->reach)) {
    case REACH_DEPARTMENT:
        return here && given(g->department) && given(where->department) &&
               strcmp(g->department, where->department) == 0;
    case REACH_INSTITUTION:
        return here;
    case REACH_BELOW:
        return under(tree, g->institution, where->institution);
    case REACH_NONE:
        break;
    }
    return false;
}

static bool among(const char *const *list, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (word && strcmp(list[i], word) == 0)
            return true;
    return false;
}

/* A grant counts when its role exists and may be held with that reach. */
static bool sound(const struct rights *r, const struct grant *g)
{
    const struct right_role *role = g->role ? rights_role(r, g->role) : NULL;
    return role && among(role->reach, role->n_reach, g->reach);
}

struct rights_verdict rights_decide_roles(const struct rights *r, const struct institutions *tree,
                                          const struct rights_person *p, const struct right_action *action,
                                          const struct rights_place *where)
{
    struct rights_verdict v = {false, RIGHTS_NO_ROLE, action, NULL};

    if (!action)
        v.word = RIGHTS_NO_ACTION;
    else if (p->disabled)
        v.word = RIGHTS_DISABLED;
    if (v.word != RIGHTS_NO_ROLE)
        return v;
    for (size_t i = 0; i < p->n; i++) {
        const struct grant *g = &p->grants[i];
        if (!among(action->roles, action->n_roles, g->role) || !sound(r, g))
            continue;
        v.grant = g;
        v.word = RIGHTS_NO_REACH;
        if (!reaches(tree, g, where))
            continue;
        v.word = where->sealed && action->sealed && !where->reason ? RIGHTS_NO_REASON : RIGHTS_ALLOWED;
        v.allowed = v.word == RIGHTS_ALLOWED;
        return v;
    }
    return v;
}

struct rights_verdict rights_decide(const struct rights *r, const struct institutions *tree,
                                    const struct rights_person *p, const char *action,
                                    const struct rights_place *where)
{
    return rights_decide_roles(r, tree, p, rights_action(r, action), where);
}

static const char *row(struct arena *a, const struct grant *g)
{
    if (!g)
        return "";
    if (reach_of(g->reach) == REACH_DEPARTMENT)
        return arena_fmt(a, "role %s for department %s of %s", g->role, g->department, g->institution);
    return arena_fmt(a, "role %s for %s%s", g->role, g->institution,
                     reach_of(g->reach) == REACH_BELOW ? " and all below it" : "");
}

static const char *roles_of(struct arena *a, const struct right_action *action)
{
    const char *list = "";
    for (size_t i = 0; i < action->n_roles; i++)
        list = arena_fmt(a, "%s%s%s", list, i ? ", " : "", action->roles[i]);
    return list;
}

const char *rights_explain(struct arena *a, const struct rights_verdict *v, const struct rights_person *p,
                           const char *action, const struct rights_place *where)
{
    const char *place = given(where->department)
                            ? arena_fmt(a, "department %s of %s", where->department, where->institution)
                            : where->institution;

    switch (v->word) {
    case RIGHTS_ALLOWED:
        return arena_fmt(a, "allowed: %s has %s, %s is open to %s, and the record belongs to %s", p->name,
                         row(a, v->grant), action, roles_of(a, v->action), place);
    case RIGHTS_DISABLED:
        return arena_fmt(a, "denied: the account of %s is disabled", p->name);
    case RIGHTS_NO_ACTION:
        return arena_fmt(a, "denied: there is no action %s in configs/roles.json", action);
    case RIGHTS_NO_ROLE:
        return arena_fmt(a, "denied: %s is open to %s, and %s has none of these roles", action,
                         roles_of(a, v->action), p->name);
    case RIGHTS_NO_REACH:
        return arena_fmt(a, "denied: %s has %s, but the record belongs to %s", p->name, row(a, v->grant),
                         place);
    case RIGHTS_NO_REASON:
        return arena_fmt(a, "denied: %s has %s, but the record is sealed and no reason was given", p->name,
                         row(a, v->grant));
    }
    return "denied";
}
