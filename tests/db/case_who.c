/* Who reaches what: by their own role, and for whom they stand in. */
#include <string.h>

#include "tests/db/case_model.h"

bool model_reaches(const struct model_user *u, const struct model_case *c)
{
    if (strcmp(u->institution, "county") == 0 &&
        (strcmp(u->role, "county") == 0 || strcmp(u->role, "approver") == 0))
        return true;
    return strcmp(u->institution, c->institution) == 0 &&
           (!*u->department || strcmp(u->department, c->department) == 0);
}

bool model_away(const struct model_lend *l, int64_t day)
{
    return !l->ended && l->first <= day && day <= l->last;
}

const struct model_user *model_self(const struct model *m, const struct model_user *u, size_t i)
{
    for (size_t k = 0; i > 0 && k < m->n_lends; k++) {
        const struct model_lend *l = &m->lends[k];
        if (l->to == u && model_away(l, m->lend_day) && --i == 0)
            return l->from;
    }
    return i ? NULL : u;
}

bool model_right_apart(const struct model *m, const struct model_user *u, const struct model_user *lender,
                       const struct model_case *c, const char *right)
{
    const struct model_user *as;

    for (size_t i = 0; i < m->roles->n; i++)
        for (size_t k = 0; strcmp(jval_str(&m->roles->items[i], "id", ""), right) == 0 &&
                           (as = model_self(m, u, k)) != NULL;
             k++)
            if (as != lender && model_word(jval_get(&m->roles->items[i], "roles"), as->role) &&
                model_reaches(as, c))
                return true;
    return false;
}

bool model_right(const struct model *m, const struct model_user *u, const struct model_case *c,
                 const char *right)
{
    return model_right_apart(m, u, NULL, c, right);
}
