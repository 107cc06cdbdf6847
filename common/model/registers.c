#include "common/model/registers.h"

#include <string.h>

static const struct jfield rule_fields[] = {
    JF_STR(struct register_rule, id, J_REQ, 1, 32),
    JF_STR(struct register_rule, prefix, 0, 0, 6),
    JF_OBJ(struct register_rule, name, J_REQ, &tr_desc),
    JF_STR(struct register_rule, retention, 0, 1, 32),
    JF_STRS(struct register_rule, kinds, n_kinds, J_REQ, 16),
    JF_STRS(struct register_rule, services, n_services, 0, 200),
    JF_STRS(struct register_rule, directions, n_directions, J_REQ, 3),
};
static JDESC(rule_desc, struct register_rule, rule_fields);
static const struct jfield file_fields[] = {
    JF_ARR(struct registers, items, n, J_REQ, 32, &rule_desc),
};
static JDESC(file_desc, struct registers, file_fields);

static bool has(const char *const *list, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], word) == 0)
            return true;
    return false;
}

static bool all_in(const char *text, const char *letters, bool empty)
{
    return (empty || *text) && text[strspn(text, letters)] == 0;
}

/* How closely a register names a service: 0 not, 1 as the rest, 2 by its family, 3 by its id. */
static int closeness(const struct register_rule *r, const char *service)
{
    int best = 0;
    for (size_t i = 0; i < r->n_services; i++) {
        const char *p = r->services[i];
        size_t len = strlen(p);
        int how = strcmp(p, "*") == 0                                                 ? 1
                  : strcmp(p, service) == 0                                           ? 3
                  : len > 2 && p[len - 1] == '*' && strncmp(p, service, len - 1) == 0 ? 2
                                                                                      : 0;
        best = how > best ? how : best;
    }
    return best;
}

bool register_has_kind(const struct register_rule *r, const char *kind)
{
    return has((const char *const *)r->kinds, r->n_kinds, "*") ||
           has((const char *const *)r->kinds, r->n_kinds, kind);
}

bool register_takes(const struct register_rule *r, const char *direction)
{
    return has((const char *const *)r->directions, r->n_directions, direction);
}

const struct register_rule *registers_find(const struct registers *r, const char *id)
{
    for (size_t i = 0; id && i < r->n; i++)
        if (strcmp(r->items[i].id, id) == 0)
            return &r->items[i];
    return NULL;
}

const struct register_rule *registers_of(const struct registers *r, const char *kind, const char *service)
{
    const struct register_rule *best = NULL;
    int closest = 0;

    for (size_t i = 0; i < r->n; i++) {
        int how = register_has_kind(&r->items[i], kind) ? closeness(&r->items[i], service) : 0;
        if (how > closest) {
            closest = how;
            best = &r->items[i];
        }
    }
    return best;
}

static enum rc rule_check(const struct registers *all, size_t at, struct err *e)
{
    static const char small[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    static const char *const directions[] = {"in", "out", "internal"};
    const struct register_rule *r = &all->items[at];

    if (!all_in(r->id, small, false) || registers_find(all, r->id) != r)
        return err_at(e, RC_BAD_FIELD, "items.id", "registers.json: id %s: not a word, or given twice",
                      r->id);
    if (!r->prefix)
        all->items[at].prefix = "";
    if (!all_in(r->prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", true))
        return err_at(e, RC_BAD_FIELD, "items.prefix", "registers.json: %s: prefix: capital letters only",
                      r->id);
    for (size_t i = 0; i < at; i++)
        if (strcmp(all->items[i].prefix, r->prefix) == 0)
            return err_at(e, RC_BAD_FIELD, "items.prefix", "registers.json: %s and %s print one prefix",
                          all->items[i].id, r->id);
    if (r->n_kinds == 0 || r->n_directions == 0)
        return err_at(e, RC_BAD_FIELD, "items", "registers.json: %s: without kinds or directions", r->id);
    for (size_t i = 0; i < r->n_directions; i++)
        if (!has(directions, COUNT(directions), r->directions[i]))
            return err_at(e, RC_BAD_FIELD, "items.directions", "registers.json: %s: direction %s", r->id,
                          r->directions[i]);
    if (r->n_services && !register_takes(r, "in"))
        return err_at(e, RC_BAD_FIELD, "items.services", "registers.json: %s: services, but nothing comes in",
                      r->id);
    return RC_OK;
}

/* Nothing that is written in the file may miss what it means. */
static bool names_a_service(const char *word, const struct catalog *services)
{
    struct register_rule one = {.services = &word, .n_services = 1};
    for (size_t i = 0; i < services->n; i++)
        if (closeness(&one, services->services[i].id))
            return true;
    return false;
}

static enum rc services_check(const struct registers *all, const struct catalog *services, struct err *e)
{
    size_t rest = 0;

    for (size_t i = 0; i < all->n; i++) {
        const struct register_rule *r = &all->items[i];
        for (size_t k = 0; k < r->n_services; k++) {
            rest += strcmp(r->services[k], "*") == 0 && register_has_kind(r, "*");
            if (!names_a_service(r->services[k], services))
                return err_at(e, RC_BAD_FIELD, "items.services", "registers.json: %s: no service is %s",
                              r->id, r->services[k]);
            for (size_t o = 0; o < i; o++)
                if (has((const char *const *)all->items[o].services, all->items[o].n_services,
                        r->services[k]))
                    return err_at(e, RC_BAD_FIELD, "items.services", "registers.json: %s goes into %s and %s",
                                  r->services[k], all->items[o].id, r->id);
        }
    }
    return rest == 1 ? RC_OK
                     : err_at(e, RC_BAD_FIELD, "items",
                              "registers.json: one register of all kinds must take \"*\", the rest");
}

enum rc registers_load(struct arena *a, const char *configs, const struct catalog *services,
                       struct registers *out, struct err *e)
{
    *out = (struct registers){0};
    TRY(json_load(a, &file_desc, arena_fmt(a, "%s/registers.json", configs), out, e));
    for (size_t i = 0; i < out->n; i++)
        TRY(rule_check(out, i, e));
    return services_check(out, services, e);
}

const char *register_number(struct arena *a, const struct registers *r, const char *id, int64_t n,
                            struct date day)
{
    const struct register_rule *rule = registers_find(r, id);
    const char *prefix = rule ? rule->prefix : "";
    char text[11];

    date_ro(text, day);
    return arena_fmt(a, "%s%s%lld/%s", prefix, *prefix ? " " : "", (long long)n, text);
}

const char *register_number_year(struct arena *a, const struct registers *r, const char *id, int64_t n,
                                 int year)
{
    const struct register_rule *rule = registers_find(r, id);
    const char *prefix = rule ? rule->prefix : "";

    return arena_fmt(a, "%s%s%lld/%d", prefix, *prefix ? " " : "", (long long)n, year);
}
