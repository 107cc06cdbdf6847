#include "common/model/service.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

const char *const ftype_names[FT_COUNT + 1] = {"text",    "area",  "date",    "time",     "int",  "decimal",
                                               "choice",  "multi", "bool",    "cnp",      "cui",  "plate",
                                               "phone",   "email", "address", "locality", "geo",  "route",
                                               "persons", "slot",  "file",    "sign",     "note", NULL};

#define FIELDS_MAX 128
#define RULES_MAX 64

/* Everything a file refers to while it is read. */
struct loader {
    struct arena *arena;
    const struct jval *shared, *types; /* _shared.json; lookups.field_types */
    const char *file;
    struct service *svc;
    struct field *fields;
    struct form_rule *rules;
    struct err *e;
};

static enum rc wrong(struct loader *l, const char *path, const char *what)
{
    err_at(l->e, RC_BAD_FIELD, path, "%s", what);
    return err_wrap(l->e, RC_BAD_FIELD, "%s", l->file);
}

static size_t children(const struct jval *v, const char *name)
{
    const struct jval *list = jval_get(v, name);
    return list && list->kind == JV_ARR ? list->n : 0;
}

static enum rc compile(struct loader *l, const struct jval *v, const char *name, const struct expr **out)
{
    const char *text = jval_str(v, name, NULL);
    struct expr *x = NULL;
    if (!text)
        return RC_OK;
    enum rc rc = expr_parse(l->arena, text, &x, l->e);
    if (rc != RC_OK)
        return err_wrap(l->e, rc, "%s", l->file);
    *out = x;
    return RC_OK;
}

static enum rc find_type(struct loader *l, const struct jval *v, const char *id, struct field *f)
{
    const char *type = jval_str(v, "type", "");
    for (int i = 0; i < FT_COUNT; i++) {
        if (strcmp(ftype_names[i], type) == 0) {
            f->type = (enum ftype)i;
            return RC_OK;
        }
    }
    return wrong(l, id, "unknown type");
}

static const struct option *options_of(struct arena *a, const struct jval *list)
{
    struct option *o = ARENA_ARRAY(a, struct option, list->n ? list->n : 1);
    for (size_t i = 0; i < list->n; i++)
        o[i] = (struct option){jval_str(&list->items[i], "id", ""), tr_of(&list->items[i], "label")};
    return o;
}

static enum rc load_options(struct loader *l, const struct jval *v, struct field *f)
{
    const struct jval *list = jval_get(v, "options");
    const char *ref = jval_str(v, "options_ref", NULL);
    if (ref)
        list = jval_get(jval_get(l->shared, "option_sets"), ref);
    if (!list)
        return ref || f->type == FT_CHOICE || f->type == FT_MULTI ? wrong(l, f->id, "options are missing")
                                                                  : RC_OK;
    f->options = options_of(l->arena, list);
    f->n_options = list->n;
    return RC_OK;
}

static struct tr type_help(const struct loader *l, enum ftype type)
{
    for (size_t i = 0; l->types && i < l->types->n; i++) {
        if (strcmp(jval_str(&l->types->items[i], "id", ""), ftype_names[type]) == 0)
            return tr_of(&l->types->items[i], "help");
    }
    return (struct tr){{"", "", ""}};
}

static void load_checks(const struct jval *v, struct field *f)
{
    const struct jval *checks = jval_get(v, "checks");
    for (size_t i = 0; checks && i < checks->n; i++) {
        const char *name = checks->items[i].kind == JV_STR ? checks->items[i].s : "";
        f->checks |= strcmp(name, "not_future") == 0 ? FC_NOT_FUTURE : 0;
        f->checks |= strcmp(name, "future") == 0 ? FC_FUTURE : 0;
    }
}

static enum rc load_field(struct loader *l, const struct jval *v, const struct tr *section)
{
    if (l->svc->n_fields == FIELDS_MAX)
        return wrong(l, "fields", "too many fields");
    struct field *f = &l->fields[l->svc->n_fields];
    f->id = jval_str(v, "id", NULL);
    if (!f->id)
        return wrong(l, "fields", "a field without id");
    if (service_field(l->svc, f->id))
        return wrong(l, f->id, "given twice");
    TRY(find_type(l, v, f->id, f));
    const char *pd = jval_str(v, "pd", "none");
    f->required = jval_bool(v, "required", false);
    f->at_counter = jval_bool(v, "at_counter", true);
    f->from_card = strcmp(jval_str(v, "source", ""), "card") == 0;
    f->personal = strcmp(pd, "none") != 0;
    f->sensitive = strcmp(pd, "sensitive") == 0;
    f->label = tr_of(v, "label");
    f->help = jval_get(v, "help") ? tr_of(v, "help") : type_help(l, f->type);
    f->why = tr_of(jval_get(l->shared, "reasons"), jval_str(v, "why", ""));
    f->section = *section;
    f->min = jval_int(v, "min", 0);
    f->max = jval_int(v, "max", 0);
    f->min_items = jval_int(v, "min_items", 0);
    f->max_items = jval_int(v, f->type == FT_FILE ? "max_files" : "max_items", 0);
    f->tone = jval_str(v, "tone", "info");
    if (!tr_given(&f->label))
        return wrong(l, f->id, "label is missing");
    load_checks(v, f);
    TRY(load_options(l, v, f));
    TRY(compile(l, v, "condition", &f->condition));
    l->svc->n_fields++;
    return RC_OK;
}

struct last_field {
    const struct service *svc;
    size_t last;
    const char *unknown;
};

static void note_field(const char *path, void *user)
{
    struct last_field *w = user;
    const struct field *f = service_field(w->svc, path);
    if (!f)
        w->unknown = path;
    else if ((size_t)(f - w->svc->fields) > w->last)
        w->last = (size_t)(f - w->svc->fields);
}

static enum rc load_rules(struct loader *l, const struct jval *owner)
{
    const struct jval *list = jval_get(owner, "checks");
    for (size_t i = 0; list && i < list->n; i++) {
        const struct jval *v = &list->items[i];
        if (l->svc->n_rules == RULES_MAX)
            return wrong(l, "checks", "too many rules");
        struct form_rule *r = &l->rules[l->svc->n_rules++];
        r->id = jval_str(v, "id", "");
        r->stop = strcmp(jval_str(v, "severity", "stop"), "stop") == 0;
        r->text = tr_of(v, "text");
        TRY(compile(l, v, "must", &r->must));
        if (!r->must)
            return wrong(l, r->id, "must is missing");
    }
    return RC_OK;
}

/* A rule is judged on the page of the last field that it names. */
static enum rc place_rules(struct loader *l)
{
    for (size_t i = 0; i < l->svc->n_rules; i++) {
        struct last_field w = {l->svc, 0, NULL};
        expr_paths(l->rules[i].must, note_field, &w);
        if (w.unknown)
            return wrong(l, w.unknown, "a rule names no field of the form");
        l->rules[i].after = w.last;
    }
    return RC_OK;
}

static enum rc load_fields(struct loader *l, const struct jval *owner, struct tr section)
{
    const struct jval *list = jval_get(owner, "fields");
    for (size_t i = 0; list && i < list->n; i++)
        TRY(load_field(l, &list->items[i], &section));
    return load_rules(l, owner);
}

static bool stands_last(const char *block)
{
    return strcmp(block, "sign") == 0 || strncmp(block, "consent_", 8) == 0;
}

/* Shared blocks stand before the own fields; consents and the signature after them
 * (configs/services/README.md). */
static enum rc load_blocks(struct loader *l, const struct jval *v, bool last)
{
    const struct jval *use = jval_get(v, "use"), *blocks = jval_get(l->shared, "blocks");
    for (size_t i = 0; use && i < use->n; i++) {
        const char *name = use->items[i].s;
        const struct jval *block = name ? jval_get(blocks, name) : NULL;
        if (!block)
            return wrong(l, "use", "unknown block");
        if (stands_last(name) == last)
            TRY(load_fields(l, block, tr_of(block, "title")));
    }
    return RC_OK;
}

/* A condition may name earlier fields only, so that one pass is enough. */
static enum rc check_conditions(struct loader *l)
{
    for (size_t i = 0; i < l->svc->n_fields; i++) {
        struct last_field w = {l->svc, 0, NULL};
        expr_paths(l->fields[i].condition, note_field, &w);
        if (w.unknown)
            return wrong(l, w.unknown, "a condition names no field of the form");
        if (l->fields[i].condition && w.last >= i)
            return wrong(l, l->fields[i].id, "its condition names a later field");
    }
    return RC_OK;
}

static enum rc load_attachments(struct loader *l, const struct jval *v)
{
    const struct jval *list = jval_get(v, "attachments");
    struct attachment *out = ARENA_ARRAY(l->arena, struct attachment, children(v, "attachments") + 1);
    for (size_t i = 0; list && i < list->n; i++) {
        const struct jval *x = &list->items[i];
        out[i] = (struct attachment){.id = jval_str(x, "id", ""),
                                     .how = jval_str(x, "how", ""),
                                     .held_by = jval_str(x, "held_by", ""),
                                     .required = jval_bool(x, "required", false),
                                     .label = tr_of(x, "label"),
                                     .reason = tr_of(x, "reason")};
        TRY(compile(l, x, "condition", &out[i].condition));
    }
    l->svc->attachments = out;
    l->svc->n_attachments = list ? list->n : 0;
    return RC_OK;
}

/* What the applicant has on paper and may scan is a question of the form like any other. */
static enum rc ask_for_papers(struct loader *l, const struct jval *v)
{
    static const struct tr title = {{"Documente", "Iratok", "Documents"}};
    const struct jval *list = jval_get(v, "attachments");
    for (size_t i = 0; list && i < list->n; i++) {
        const struct attachment *x = &l->svc->attachments[i];
        if (strcmp(x->how, "scan") != 0 || strcmp(x->held_by, "applicant") != 0)
            continue;
        if (l->svc->n_fields == FIELDS_MAX)
            return wrong(l, "attachments", "too many fields");
        struct field *f = &l->fields[l->svc->n_fields];
        *f = (struct field){.id = arena_fmt(l->arena, "file.%s", x->id),
                            .type = FT_FILE,
                            .required = x->required,
                            .at_counter = jval_bool(&list->items[i], "at_counter", true),
                            .personal = true,
                            .condition = x->condition,
                            .label = x->label,
                            .why = x->reason,
                            .help = type_help(l, FT_FILE),
                            .section = title,
                            .max_items = 1,
                            .tone = "info"};
        if (!*x->id || service_field(l->svc, f->id))
            return wrong(l, "attachments", "an attachment without an id of its own");
        l->svc->n_fields++;
    }
    return RC_OK;
}

static enum rc load_flags(struct loader *l, const struct jval *v)
{
    const struct jval *list = jval_get(v, "flags_on_submit");
    struct flag_rule *out = ARENA_ARRAY(l->arena, struct flag_rule, children(v, "flags_on_submit") + 1);
    for (size_t i = 0; list && i < list->n; i++) {
        out[i].flag = jval_str(&list->items[i], "flag", "");
        TRY(compile(l, &list->items[i], "if", &out[i].when));
    }
    l->svc->flags = out;
    l->svc->n_flags = list ? list->n : 0;
    return RC_OK;
}

static unsigned channels_of(const struct jval *v)
{
    static const char *const names[] = {"kiosk", "counter", "web"};
    const struct jval *list = jval_get(v, "channels");
    unsigned set = 0;
    for (size_t i = 0; list && i < list->n; i++) {
        for (unsigned k = 0; k < COUNT(names); k++)
            set |= list->items[i].s && strcmp(list->items[i].s, names[k]) == 0 ? 1u << k : 0;
    }
    return set;
}

static void load_head(struct loader *l, const struct jval *v)
{
    struct service *s = l->svc;
    s->id = jval_str(v, "id", "");
    s->version = jval_int(v, "version", 0);
    s->minutes = jval_int(v, "minutes", 0);
    s->department = jval_str(v, "department", "");
    s->term = jval_str(jval_get(v, "term"), "id", "");
    s->late_term = jval_str(jval_get(v, "term"), "late_term", "");
    s->fee = strcmp(jval_str(jval_get(v, "fee"), "kind", "none"), "none") != 0;
    s->identity_min = jval_str(jval_get(v, "identity"), "min", "none");
    s->workflow = jval_str(v, "workflow", "");
    s->retention = jval_str(v, "retention", "");
    s->name = tr_of(v, "name");
    s->legal_name = tr_of(v, "legal_name");
    s->intro = tr_of(v, "intro");
    s->after = tr_of(v, "after");
    s->fee_note = tr_of(jval_get(v, "fee"), "note");
    s->channels = channels_of(v);
    const struct jval *before = jval_get(v, "before");
    struct tr *lines = ARENA_ARRAY(l->arena, struct tr, children(v, "before") + 1);
    for (size_t i = 0; before && i < before->n; i++)
        lines[i] = tr_of(&before->items[i], NULL);
    s->before = lines;
    s->n_before = before ? before->n : 0;
}

static enum rc load_service(struct loader *l, const struct jval *v)
{
    load_head(l, v);
    if (!*l->svc->id || l->svc->version < 1 || !tr_given(&l->svc->name))
        return wrong(l, "id", "id, version or name is missing");
    l->fields = ARENA_ARRAY(l->arena, struct field, FIELDS_MAX);
    l->rules = ARENA_ARRAY(l->arena, struct form_rule, RULES_MAX);
    l->svc->fields = l->fields;
    l->svc->rules = l->rules;
    TRY(load_blocks(l, v, false));
    TRY(load_fields(l, v, l->svc->name));
    TRY(load_attachments(l, v));
    TRY(ask_for_papers(l, v));
    TRY(load_blocks(l, v, true));
    TRY(place_rules(l));
    TRY(check_conditions(l));
    return load_flags(l, v);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_service(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return d->d_name[0] != '_' && d->d_name[0] != '.' && n > 5 && strcmp(d->d_name + n - 5, ".json") == 0;
}

static void free_names(struct dirent **list, int n)
{
    for (int i = 0; i < n; i++)
        free(list[i]);
    free(list);
}

static int service_cmp(const void *a, const void *b)
{
    return strcmp(((const struct service *)a)->id, ((const struct service *)b)->id);
}

static int version_cmp(const void *a, const void *b)
{
    const struct service *x = a, *y = b;
    int ids = strcmp(x->id, y->id);
    return ids ? ids : (x->version > y->version) - (x->version < y->version);
}

/* "name@3.json" is version 3 of a service; 0 for the current one. */
static int64_t version_of(const char *name)
{
    const char *at = strchr(name, '@');
    return at ? strtoll(at + 1, NULL, 10) : 0;
}

/* A version kept for requests still on their way may bring its own shared blocks: pinned whole. */
static enum rc load_one(struct loader *l, const char *name)
{
    struct jval *v = NULL;
    const struct jval *shared = l->shared;
    TRY(jval_load(l->arena, l->file, &v, l->e));
    if (jval_get(v, "shared"))
        l->shared = jval_get(v, "shared");
    enum rc rc = load_service(l, v);
    l->shared = shared;
    if (rc == RC_OK && strchr(name, '@') && l->svc->version != version_of(name))
        return wrong(l, "version", "is not the one of the file's name");
    return rc;
}

static enum rc load_all(struct loader *l, const char *dir, struct dirent **names, int n, struct catalog *out)
{
    struct service *now = ARENA_ARRAY(l->arena, struct service, n + 1),
                   *old = ARENA_ARRAY(l->arena, struct service, n + 1);
    size_t n_now = 0, n_old = 0;
    for (int i = 0; i < n; i++) {
        l->file = arena_fmt(l->arena, "%s/%s", dir, names[i]->d_name);
        l->svc = version_of(names[i]->d_name) ? &old[n_old++] : &now[n_now++];
        TRY(load_one(l, names[i]->d_name));
    }
    qsort(now, n_now, sizeof(*now), service_cmp);
    qsort(old, n_old, sizeof(*old), version_cmp);
    out->services = now;
    out->n = n_now;
    out->old = old;
    out->n_old = n_old;
    return RC_OK;
}

/* An older version stands behind a current one of the same name, and below it. */
static enum rc check_versions(const struct catalog *c, struct err *e)
{
    for (size_t i = 0; i < c->n_old; i++) {
        const struct service *now = catalog_find(c, c->old[i].id);
        if (!now || now->version <= c->old[i].version)
            return err_at(e, RC_BAD_FIELD, "version",
                          "services/%s: version %lld is not older than the current one", c->old[i].id,
                          (long long)c->old[i].version);
    }
    return RC_OK;
}

static void load_departments(struct arena *a, const struct jval *lookups, struct catalog *out)
{
    const struct jval *list = jval_get(lookups, "departments");
    struct option *o = ARENA_ARRAY(a, struct option, children(lookups, "departments") + 1);
    for (size_t i = 0; list && i < list->n; i++)
        o[i] = (struct option){jval_str(&list->items[i], "id", ""), tr_of(&list->items[i], "name")};
    out->departments = o;
    out->n_departments = list ? list->n : 0;
}

enum rc catalog_load(struct arena *a, const char *configs, struct catalog *out, struct err *e)
{
    struct jval *shared = NULL, *lookups = NULL;
    const char *dir = arena_fmt(a, "%s/services", configs);
    TRY(jval_load(a, arena_fmt(a, "%s/_shared.json", dir), &shared, e));
    TRY(jval_load(a, arena_fmt(a, "%s/lookups.json", configs), &lookups, e));
    struct dirent **names = NULL;
    int n = scandir(dir, &names, is_service, by_name);
    if (n < 0)
        return err_set(e, RC_IO, "%s: cannot be read", dir);
    struct loader l = {.arena = a, .shared = shared, .types = jval_get(lookups, "field_types"), .e = e};
    struct catalog c = {0};
    enum rc rc = load_all(&l, dir, names, n, &c);
    free_names(names, n);
    TRY(rc);
    TRY(check_versions(&c, e));
    load_departments(a, lookups, &c);
    *out = c;
    return RC_OK;
}

const struct service *catalog_find(const struct catalog *c, const char *id)
{
    struct service want = {.id = id};
    return c->n ? bsearch(&want, c->services, c->n, sizeof(want), service_cmp) : NULL;
}

const struct service *catalog_version(const struct catalog *c, const char *id, int64_t version)
{
    const struct service *now = catalog_find(c, id), want = {.id = id, .version = version};
    if (now && now->version == version)
        return now;
    return c->n_old ? bsearch(&want, c->old, c->n_old, sizeof(want), version_cmp) : NULL;
}

const struct tr *catalog_department(const struct catalog *c, const char *id)
{
    for (size_t i = 0; i < c->n_departments; i++) {
        if (strcmp(c->departments[i].id, id) == 0)
            return &c->departments[i].label;
    }
    return NULL;
}

const struct field *service_field_next(const struct service *s, const char *id, size_t *at)
{
    size_t k = *at;
    for (size_t i = 0; i < s->n_fields; i++, k++) {
        if (k >= s->n_fields)
            k = 0;
        if (strcmp(s->fields[k].id, id) == 0) {
            *at = k + 1;
            return &s->fields[k];
        }
    }
    return NULL;
}

const struct field *service_field(const struct service *s, const char *id)
{
    size_t at = 0;
    return service_field_next(s, id, &at);
}
