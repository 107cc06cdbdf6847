/* A person's reach as parameters of a statement: places, each with its institution and department. */
#include <string.h>

#include "backend/desk_priv.h"
#include "backend/pgarr.h"

struct db_param desk_texts(struct arena *a, const char *const *list, size_t n)
{
    BUF_SCOPE(b);

    pgarr_open(&b, PG_TEXT, n);
    for (size_t i = 0; i < n; i++)
        pgarr_text(&b, list[i]);
    return (struct db_param){arena_dup(a, b.p, b.len), (int)b.len, true};
}

static bool among(const char *const *list, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], word) == 0)
            return true;
    return false;
}

static bool counts(const struct rights *r, const struct right_action *action, const struct grant *g)
{
    const struct right_role *role = rights_role(r, g->role);
    return role && among(action->roles, action->n_roles, g->role) &&
           among(role->reach, role->n_reach, g->reach);
}

static bool covered(const struct desk_scope *s, const char *institution, const char *department)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->places[i].institution, institution) == 0 &&
            (!*s->places[i].department || strcmp(s->places[i].department, department) == 0))
            return true;
    return false;
}

static void add(struct desk_scope *s, const char *institution, const char *department)
{
    if (!covered(s, institution, department))
        s->places[s->n++] = (struct rights_place){.institution = institution, .department = department};
}

/* The wide ones first, so that what they cover is not named again. */
static void add_wide(struct desk_call *c, const struct right_action *action, const struct institutions *tree,
                     const struct grant *g, struct desk_scope *out)
{
    struct rights_person one = {.name = c->who.account, .grants = g, .n = 1};

    for (size_t i = 0; i < tree->n; i++) {
        struct rights_place at = {.institution = tree->items[i].id, .department = "", .reason = true};
        if (rights_decide_roles(&c->w->house->rights, tree, &one, action, &at).allowed)
            add(out, tree->items[i].id, "");
    }
}

enum rc desk_scope(struct desk_call *c, const char *right, struct desk_scope *out, struct err *e)
{
    const struct rights *r = &c->w->house->rights;
    const struct right_action *action = rights_action(r, right);
    const struct rights_person *p = &c->who.person;
    struct institutions tree;

    *out = (struct desk_scope){0};
    if (!action)
        return err_set(e, RC_INTERNAL, "no action %s", right);
    TRY(work_tree(c->w, &tree, e));
    out->places = ARENA_ARRAY(c->w->a, struct rights_place, tree.n + p->n + 1);
    for (size_t i = 0; i < p->n; i++)
        if (counts(r, action, &p->grants[i]) && reach_of(p->grants[i].reach) != REACH_DEPARTMENT)
            add_wide(c, action, &tree, &p->grants[i], out);
    for (size_t i = 0; i < p->n; i++)
        if (counts(r, action, &p->grants[i]) && reach_of(p->grants[i].reach) == REACH_DEPARTMENT)
            add(out, p->grants[i].institution, p->grants[i].department);
    const char **words = ARENA_ARRAY(c->w->a, const char *, out->n + 1);
    for (size_t i = 0; i < out->n; i++)
        words[i] = out->places[i].institution;
    out->institutions = desk_texts(c->w->a, words, out->n);
    for (size_t i = 0; i < out->n; i++)
        words[i] = out->places[i].department;
    out->departments = desk_texts(c->w->a, words, out->n);
    return RC_OK;
}

bool desk_reaches(const struct desk_scope *s, const char *institution, const char *department)
{
    return covered(s, institution, department);
}

const char desk_for_all[] = "holiday.manage";

enum rc desk_reaches_all(struct desk_call *c, bool *yes, struct err *e)
{
    struct institutions tree;
    struct desk_scope scope;

    TRY(desk_scope(c, desk_for_all, &scope, e));
    TRY(work_tree(c->w, &tree, e));
    *yes = true;
    for (size_t i = 0; i < tree.n && *yes; i++)
        *yes = desk_reaches(&scope, tree.items[i].id, "");
    return RC_OK;
}

static bool listed(const char *const *list, const char *word)
{
    for (; list && *list; list++)
        if (strcmp(*list, word) == 0)
            return true;
    return false;
}

struct db_param desk_states(const struct work *w, const char *const *clocks, const char *const *kinds)
{
    const struct workflows *f = &w->house->workflows;
    const char **ids = ARENA_ARRAY(w->a, const char *, f->n_states + 1);
    size_t n = 0;

    for (size_t i = 0; i < f->n_states; i++)
        if (listed(clocks, f->states[i].clock) || listed(kinds, f->states[i].kind))
            ids[n++] = f->states[i].id;
    return desk_texts(w->a, ids, n);
}
