#include "tests/db/case_gift.h"

#include <stdlib.h>
#include <string.h>

struct rig rig;
struct model m;
static unsigned long long luck;

void dice_from(unsigned long long seed)
{
    luck = seed;
}

unsigned dice(unsigned n)
{
    luck ^= luck << 13;
    luck ^= luck >> 7;
    luck ^= luck << 17;
    return (unsigned)((luck >> 11) % n);
}

bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static const char *text_field(const struct model_case *c)
{
    const struct service *s = catalog_find(&rig.house.catalog, c->service);
    for (size_t i = 0; i < s->n_fields; i++) {
        const struct field *f = &s->fields[i];
        if ((f->type == FT_TEXT || f->type == FT_AREA) && !f->condition && !f->min &&
            strncmp(f->id, "consent", 7) != 0)
            return f->id;
    }
    return NULL;
}

static const char *another(const struct model_case *c)
{
    for (int i = 0; i < 60; i++) {
        const struct model_case *o = &m.cases[dice((unsigned)m.n)];
        if (o != c && !o->ended && is(o->institution, c->institution) &&
            (i > 50 || is(o->service, c->service)))
            return o->id;
    }
    return NULL;
}

static bool value_for(const struct model_case *c, const char *need, const struct model_user *u,
                      struct gift *g)
{
    static const char *const plain[] = {"reason", "note", "legal_basis", "outcome_code"};
    static const char *const found[] = {"yes", "no", "partial"};
    static const char *const offices[] = {"registratura", "politia_locala", "urbanism", "drumuri"};
    const char *v = NULL;

    for (size_t i = 0; i < COUNT(plain); i++)
        if (is(plain[i], need))
            v = "Fiindcă așa cere legea.";
    if (is(need, "fields"))
        v = text_field(c);
    else if (is(need, "department"))
        v = offices[dice(COUNT(offices))];
    else if (is(need, "institution"))
        v = is(c->institution, "hall-1") ? "hall-2" : "hall-1";
    else if (is(need, "term_rule"))
        v = "l421.notice";
    else if (is(need, "search_result"))
        v = g->found = found[dice(3)];
    else if (is(need, "case_number"))
        v = g->other = another(c);
    else if (is(need, "code"))
        v = arena_str(
            m.a, model_sql(&m,
                           "SELECT vars::jsonb->>'code' FROM owed_message WHERE request_id = $1::uuid AND "
                           "message = 'optin' ORDER BY id DESC LIMIT 1",
                           c->id));
    else if (is(need, "document")) {
        v = "draft";
        model_sql(&m,
                  "INSERT INTO draft (case_id, version, at, author, template, lang, title, body) VALUES "
                  "($1::uuid, 1, to_timestamp($2::bigint / 1000.0), $3, 'answer.petition', 'ro', 'Răspuns', "
                  "'Vă răspundem.') ON CONFLICT DO NOTHING",
                  c->id, model_now(0), is(u->role, "applicant") ? "clerk-1" : u->name);
    }
    if (v && *v)
        g->given[g->n++] = (struct workflow_given){need, v};
    return v && *v;
}

bool gift_of(const struct model_case *c, const struct jval *action, const struct model_user *u, bool left_out,
             struct gift *g)
{
    const struct jval *needs = jval_get(action, "needs");

    *g = (struct gift){.n = 0};
    for (size_t i = left_out ? 1 : 0; needs && i < needs->n; i++)
        if (!value_for(c, needs->items[i].s, u, g))
            return false;
    return true;
}

static bool near(const struct model_user *u, const struct model_case *c)
{
    const struct model_user *as;

    for (size_t i = 0; (as = model_self(&m, u, i)) != NULL; i++)
        if (model_reaches(as, c))
            return true;
    return false;
}

/* Nobody takes a case along that is another office's, of another service, answered already, or with an answer
 * of its own that waits for its signature. */
bool gift_far(const struct model_user *u, const struct model_case *c, const char *other)
{
    for (size_t i = 0; other && i < m.n; i++) {
        const struct model_case *o = &m.cases[i];
        if (is(o->id, other))
            return !near(u, o) || !is(o->service, c->service) ||
                   !(is(o->state, "registered") || is(o->state, "in_work") || is(o->state, "returned"));
    }
    return false;
}

/* Codes sent to confirm with; fresh: 1 when the last one is still good. */
int gift_codes(const struct model_case *c, bool fresh)
{
    return atoi(model_sql(
        &m,
        "SELECT count(*) FROM (SELECT at FROM case_event WHERE case_id = $1::uuid AND act IN ('ask_confirm', "
        "'new_code') ORDER BY id DESC LIMIT $2::int) x WHERE at >= to_timestamp($3::bigint / 1000.0)",
        c->id, fresh ? "1" : "99", fresh ? model_now(48LL * 3600000) : "0"));
}
