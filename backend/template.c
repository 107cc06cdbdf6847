#include "backend/template.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/json.h"
#include "common/base/text.h"

const char *const template_signs[SIGN_COUNT + 1] = {"officer", "secretary", "registrar", "archivist", NULL};
const char *const template_vars[] = {"address",
                                     "applicant",
                                     "archivist",
                                     "attached",
                                     "article",
                                     "clerk",
                                     "close_date",
                                     "count",
                                     "corrected",
                                     "county",
                                     "date",
                                     "day",
                                     "department",
                                     "documents",
                                     "due",
                                     "entries",
                                     "erased",
                                     "first",
                                     "from",
                                     "hash",
                                     "hash_before",
                                     "identity",
                                     "in_count",
                                     "institution",
                                     "last",
                                     "law",
                                     "legal_basis",
                                     "list_date",
                                     "list_number",
                                     "number",
                                     "office",
                                     "officer",
                                     "out_count",
                                     "open",
                                     "place",
                                     "reason",
                                     "register",
                                     "request_date",
                                     "request_number",
                                     "retention",
                                     "retention_code",
                                     "retention_years",
                                     "service",
                                     "service_legal",
                                     "signature",
                                     "subject",
                                     "to",
                                     "to_institution",
                                     "until",
                                     "url",
                                     "year",
                                     NULL};

static const char *const kinds[] = {"answer", "decision", "cover", "protocol", "permit", "receipt", NULL};
static const char *const members[] = {"meta",  "id",     "kind",  "name",     "langs", "title",
                                      "refer", "formal", "qr",    "outcomes", "steps", "lead",
                                      "body",  "tail",   "notes", "columns",  "sign",  NULL};

enum { TEMPLATES_MAX = 128, SERVICES_MAX = 256 };

struct reader {
    struct arena *a;
    const char *file, *base;
    struct template *t;
};

static bool among(const char *const *list, const char *s)
{
    for (; *list; list++)
        if (s && strcmp(*list, s) == 0)
            return true;
    return false;
}

static enum rc wrong(const struct reader *r, const char *member, const char *what, struct err *e)
{
    err_at(e, RC_BAD_FIELD, member, "%s", what);
    return err_wrap(e, RC_BAD_FIELD, "%s", r->base);
}

/* The next {name} from s on; NULL: none. Any other brace is an error the caller sees as a name of length 0.
 */
static const char *hole(const char *s, size_t *len)
{
    const char *at = strpbrk(s, "{}");
    if (!at)
        return NULL;
    *len = *at == '{' ? strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_") : 0;
    if (at[*len + 1] != '}')
        *len = 0;
    return at;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted names of the places, each once, with blanks between. NULL: a brace that is none. */
static const char *holes(struct arena *a, const char *text, const char **unknown)
{
    char *names[64];
    size_t n = 0, len;
    BUF_SCOPE(out);

    for (const char *at = text; (at = hole(at, &len)); at += len + 2) {
        char *name = arena_strn(a, at + 1, len);
        if (!len || !among(template_vars, name) || n == COUNT(names)) {
            *unknown = len ? name : "a brace";
            return NULL;
        }
        names[n++] = name;
    }
    qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; i++)
        if (!i || strcmp(names[i], names[i - 1]) != 0)
            buf_fmt(&out, "%s ", names[i]);
    return arena_str(a, out.len ? out.p : "");
}

static bool cedilla(const char *s)
{
    return strstr(s, "\xC5\x9F") || strstr(s, "\xC5\x9E") || strstr(s, "\xC5\xA3") || strstr(s, "\xC5\xA2");
}

/* {ro, hu, en} of the template's languages, with the same places in each. */
static enum rc text_of(const struct reader *r, const char *member, const struct jval *v, struct tr *out,
                       struct err *e)
{
    const char *first = NULL, *unknown = NULL;

    if (!v || v->kind != JV_OBJ)
        return wrong(r, member, "not {ro, hu}", e);
    for (size_t i = 0; i < v->n; i++)
        if (!among(lang_codes, v->names[i]))
            return wrong(r, member, arena_fmt(r->a, "%s is no language", v->names[i]), e);
    for (int l = 0; l < LANG_COUNT; l++) {
        const char *s = jval_str(v, lang_codes[l], "");
        if (!!*s != r->t->langs[l])
            return wrong(r, member,
                         arena_fmt(r->a, *s ? "%s is not among langs" : "no text in %s", lang_codes[l]), e);
        const char *places = holes(r->a, s, &unknown);
        if (!places)
            return wrong(r, member, arena_fmt(r->a, "%s: there is no {%s}", lang_codes[l], unknown), e);
        if (cedilla(s))
            return wrong(r, member, arena_fmt(r->a, "%s: a letter with a cedilla", lang_codes[l]), e);
        if (*s && first && strcmp(first, places) != 0)
            return wrong(r, member, arena_fmt(r->a, "%s has other places than ro", lang_codes[l]), e);
        if (*s && !first)
            first = places;
        out->t[l] = s;
    }
    return RC_OK;
}

static enum rc texts_of(const struct reader *r, const struct jval *v, const char *member, struct tr **out,
                        size_t *n, struct err *e)
{
    const struct jval *list = jval_get(v, member);

    if (!list)
        return RC_OK;
    if (list->kind != JV_ARR)
        return wrong(r, member, "not a list", e);
    *out = ARENA_ARRAY(r->a, struct tr, list->n + 1);
    for (size_t i = 0; i < list->n; i++)
        TRY(text_of(r, arena_fmt(r->a, "%s[%zu]", member, i), &list->items[i], &(*out)[i], e));
    *n = list->n;
    return RC_OK;
}

static enum rc words_of(const struct reader *r, const struct jval *v, const char *member, const char ***out,
                        size_t *n, struct err *e)
{
    const struct jval *list = jval_get(v, member);

    if (!list)
        return RC_OK;
    if (list->kind != JV_ARR)
        return wrong(r, member, "not a list", e);
    *out = ARENA_ARRAY(r->a, const char *, list->n + 1);
    for (size_t i = 0; i < list->n; i++) {
        if (list->items[i].kind != JV_STR)
            return wrong(r, member, "not a word", e);
        (*out)[i] = list->items[i].s;
    }
    *n = list->n;
    return RC_OK;
}

static enum rc langs_of(const struct reader *r, const struct jval *v, struct err *e)
{
    const char **codes = NULL;
    size_t n = 0;
    enum lang l;

    TRY(words_of(r, v, "langs", &codes, &n, e));
    for (size_t i = 0; i < n; i++) {
        if (!lang_parse(codes[i], &l))
            return wrong(r, "langs", arena_fmt(r->a, "%s is no language", codes[i]), e);
        r->t->langs[l] = true;
    }
    return r->t->langs[LANG_RO] && r->t->langs[LANG_HU] ? RC_OK
                                                        : wrong(r, "langs", "ro and hu are needed", e);
}

static enum rc signs_of(const struct reader *r, const struct jval *v, struct err *e)
{
    const char **who = NULL;
    size_t n = 0;

    TRY(words_of(r, v, "sign", &who, &n, e));
    if (n > COUNT(r->t->sign))
        return wrong(r, "sign", "more than four", e);
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (template_signs[k] && strcmp(template_signs[k], who[i]) != 0)
            k++;
        if (k == SIGN_COUNT)
            return wrong(r, "sign", arena_fmt(r->a, "%s does not sign", who[i]), e);
        r->t->sign[r->t->n_sign++] = (enum template_sign)k;
    }
    return RC_OK;
}

static enum rc columns_of(const struct reader *r, const struct jval *v, struct err *e)
{
    const struct jval *list = jval_get(v, "columns");
    int64_t all = 0;

    if (!list)
        return RC_OK;
    if (list->kind != JV_ARR || !list->n || list->n > TEMPLATE_COLUMNS_MAX)
        return wrong(r, "columns", "not a list of 1 to 8", e);
    r->t->columns = ARENA_ARRAY(r->a, struct template_column, list->n);
    for (size_t i = 0; i < list->n; i++) {
        const char *name = arena_fmt(r->a, "columns[%zu]", i);
        const struct jval *c = &list->items[i];
        if (c->kind != JV_OBJ || c->n != 2)
            return wrong(r, name, "not {head, width}", e);
        TRY(text_of(r, name, jval_get(c, "head"), &r->t->columns[i].head, e));
        r->t->columns[i].width = jval_int(c, "width", 0);
        if (r->t->columns[i].width < 30)
            return wrong(r, name, "width: thousandths, at least 30", e);
        all += r->t->columns[i].width;
    }
    r->t->n_columns = list->n;
    return all == 1000 ? RC_OK : wrong(r, "columns", "the widths are not 1000 together", e);
}

static enum rc words_known(const struct reader *r, const struct jval *v, struct err *e)
{
    char *id = arena_str(r->a, r->base);

    if (v->kind != JV_OBJ)
        return wrong(r, "file", "not an object", e);
    for (size_t i = 0; i < v->n; i++)
        if (!among(members, v->names[i]))
            return wrong(r, v->names[i], "unknown member", e);
    id[strcspn(id, "/")] = 0;
    size_t n = strlen(id);
    if (n > 5 && strcmp(id + n - 5, ".json") == 0)
        id[n - 5] = 0;
    r->t->id = jval_str(v, "id", "");
    r->t->kind = jval_str(v, "kind", "");
    if (strcmp(id, r->t->id) != 0)
        return wrong(r, "id", "not the file's name", e);
    return among(kinds, r->t->kind) ? RC_OK : wrong(r, "kind", "no such kind", e);
}

enum rc template_load(struct arena *a, const char *file, struct template *out, struct err *e)
{
    const char *slash = strrchr(file, '/');
    struct reader r = {a, file, slash ? slash + 1 : file, out};
    struct jval *v = NULL;

    *out = (struct template){0};
    TRY(jval_load(a, file, &v, e));
    TRY(words_known(&r, v, e));
    TRY(langs_of(&r, v, e));
    TRY(text_of(&r, "name", jval_get(v, "name"), &out->name, e));
    TRY(text_of(&r, "title", jval_get(v, "title"), &out->title, e));
    if (jval_get(v, "refer"))
        TRY(text_of(&r, "refer", jval_get(v, "refer"), &out->refer, e));
    out->formal = jval_bool(v, "formal", false);
    out->qr = jval_bool(v, "qr", false);
    TRY(words_of(&r, v, "outcomes", &out->outcomes, &out->n_outcomes, e));
    TRY(words_of(&r, v, "steps", &out->steps, &out->n_steps, e));
    TRY(texts_of(&r, v, "lead", &out->lead, &out->n_lead, e));
    TRY(texts_of(&r, v, "body", &out->body, &out->n_body, e));
    TRY(texts_of(&r, v, "tail", &out->tail, &out->n_tail, e));
    TRY(texts_of(&r, v, "notes", &out->notes, &out->n_notes, e));
    TRY(signs_of(&r, v, e));
    return columns_of(&r, v, e);
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct template *)a)->id, ((const struct template *)b)->id);
}

/* Each file of the folder that is one; file(user, path) until it fails. */
static enum rc each_file(struct arena *a, const char *dir,
                         enum rc (*file)(void *, const char *, struct err *), void *user, struct err *e)
{
    DIR *d = opendir(dir);
    enum rc rc = RC_OK;

    if (!d)
        return err_set(e, RC_IO, "%s: cannot be read", dir);
    for (struct dirent *f; rc == RC_OK && (f = readdir(d));) {
        size_t len = strlen(f->d_name);
        if (len > 5 && strcmp(f->d_name + len - 5, ".json") == 0 && f->d_name[0] != '.' &&
            f->d_name[0] != '_' && !strchr(f->d_name, '@'))
            rc = file(user, arena_fmt(a, "%s/%s", dir, f->d_name), e);
    }
    closedir(d);
    return rc;
}

struct loading {
    struct arena *a;
    struct template *all;
    struct template_outcome *ends;
    size_t n, n_ends;
};

static enum rc one_template(void *user, const char *file, struct err *e)
{
    struct loading *l = user;
    if (l->n == TEMPLATES_MAX)
        return err_set(e, RC_BAD_FIELD, "%s: more than %d templates", file, TEMPLATES_MAX);
    return template_load(l->a, file, &l->all[l->n++], e);
}

static enum rc one_service(void *user, const char *file, struct err *e)
{
    struct loading *l = user;
    struct jval *v;
    if (l->n_ends == SERVICES_MAX)
        return err_set(e, RC_BAD_FIELD, "%s: more than %d services", file, SERVICES_MAX);
    TRY(jval_load(l->a, file, &v, e));
    const struct jval *outcome = jval_get(v, "outcome");
    l->ends[l->n_ends++] =
        (struct template_outcome){jval_str(v, "id", ""), outcome ? jval_str(outcome, "document", "") : ""};
    return RC_OK;
}

static enum rc retention_load(struct arena *a, const char *configs, struct templates *t, struct err *e)
{
    struct jval *v;

    TRY(jval_load(a, arena_fmt(a, "%s/lookups.json", configs), &v, e));
    const struct jval *list = jval_get(v, "retention");
    if (!list || list->kind != JV_ARR)
        return err_at(e, RC_BAD_FIELD, "retention", "lookups.json: retention: not a list");
    struct retention *all = ARENA_ARRAY(a, struct retention, list->n + 1);
    for (size_t i = 0; i < list->n; i++) {
        const struct jval *years = jval_get(&list->items[i], "years");
        all[i] = (struct retention){jval_str(&list->items[i], "id", ""), tr_of(&list->items[i], "name"),
                                    years && years->kind == JV_INT ? years->i : -1};
        if (!*all[i].id || !years || (years->kind == JV_INT && years->i < 0))
            return err_at(e, RC_BAD_FIELD, "retention", "lookups.json: retention[%zu]: id or years", i);
    }
    t->retention = all;
    t->n_retention = list->n;
    return RC_OK;
}

const struct retention *retention_find(const struct templates *t, const char *id)
{
    for (size_t i = 0; id && i < t->n_retention; i++)
        if (strcmp(t->retention[i].id, id) == 0)
            return &t->retention[i];
    return NULL;
}

enum rc templates_load(struct arena *a, const char *configs, struct templates *out, struct err *e)
{
    struct loading l = {a, ARENA_ARRAY(a, struct template, TEMPLATES_MAX),
                        ARENA_ARRAY(a, struct template_outcome, SERVICES_MAX), 0, 0};

    TRY(each_file(a, arena_fmt(a, "%s/templates", configs), one_template, &l, e));
    TRY(each_file(a, arena_fmt(a, "%s/services", configs), one_service, &l, e));
    if (l.n)
        qsort(l.all, l.n, sizeof *l.all, by_id);
    *out = (struct templates){l.all, l.n, l.ends, l.n_ends, NULL, 0};
    return retention_load(a, configs, out, e);
}

const struct template *template_find(const struct templates *t, const char *id)
{
    for (size_t i = 0; id && i < t->n; i++)
        if (strcmp(t->items[i].id, id) == 0)
            return &t->items[i];
    return NULL;
}

const char *templates_outcome(const struct templates *t, const char *service)
{
    for (size_t i = 0; i < t->n_outcomes; i++)
        if (strcmp(t->outcomes[i].service, service) == 0)
            return t->outcomes[i].document;
    return "";
}

static bool word_in(const char **list, size_t n, const char *s)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], s) == 0)
            return true;
    return false;
}

bool template_fits(const struct template *t, const char *outcome)
{
    return word_in(t->outcomes, t->n_outcomes, outcome);
}

const struct template *template_of_step(const struct templates *t, const char *outcome, const char *step)
{
    const struct template *any = NULL;

    for (size_t i = 0; i < t->n; i++) {
        const struct template *x = &t->items[i];
        if (!word_in(x->steps, x->n_steps, step))
            continue;
        if (template_fits(x, outcome))
            return x;
        if (!any)
            any = x;
    }
    return any;
}

static const char *value(const struct text_var *vars, size_t n, const char *name, size_t len)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(vars[i].name) == len && strncmp(vars[i].name, name, len) == 0)
            return vars[i].value ? vars[i].value : "";
    return "";
}

static const char *fill(struct arena *a, const char *text, const struct text_var *vars, size_t n,
                        const char *empty)
{
    BUF_SCOPE(out);
    size_t len;

    for (const char *at; (at = hole(text, &len)); text = at + len + 2) {
        const char *v = value(vars, n, at + 1, len);
        if (!*v && !empty)
            return NULL;
        buf_add(&out, text, (size_t)(at - text));
        v = *v ? v : empty;
        buf_add(&out, v, text_joined(v, at[len + 2]));
    }
    buf_str(&out, text);
    return arena_str(a, out.len ? out.p : "");
}

const char *template_fill(struct arena *a, const char *text, const struct text_var *vars, size_t n)
{
    return fill(a, text, vars, n, NULL);
}

const char *template_offer(struct arena *a, const char *text, const struct text_var *vars, size_t n)
{
    return fill(a, text, vars, n, "…");
}
