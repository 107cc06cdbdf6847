#include "common/model/lang.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const lang_codes[LANG_COUNT + 1] = {"ro", "hu", "en", NULL};

#define TR_FIELD(name, i)                                                                                    \
    {                                                                                                        \
        name, J_STR, J_REQ, offsetof(struct tr, t) + (i) * sizeof(char *), 0, 0, 0, NULL, NULL               \
    }
static const struct jfield tr_fields[] = {TR_FIELD("ro", LANG_RO), TR_FIELD("hu", LANG_HU),
                                          TR_FIELD("en", LANG_EN)};
JDESC(tr_desc, struct tr, tr_fields);

bool lang_parse(const char *code, enum lang *out)
{
    for (int i = 0; code && i < LANG_COUNT; i++) {
        if (strcmp(code, lang_codes[i]) == 0) {
            *out = (enum lang)i;
            return true;
        }
    }
    return false;
}

const char *tr_get(const struct tr *tr, enum lang lang)
{
    if (tr->t[lang] && *tr->t[lang])
        return tr->t[lang];
    return tr->t[LANG_RO] ? tr->t[LANG_RO] : "";
}

struct tr tr_of(const struct jval *v, const char *name)
{
    const struct jval *texts = name ? jval_get(v, name) : v;
    struct tr tr;
    for (int i = 0; i < LANG_COUNT; i++)
        tr.t[i] = jval_str(texts, lang_codes[i], "");
    return tr;
}

bool tr_given(const struct tr *tr)
{
    return tr->t[LANG_RO] && *tr->t[LANG_RO];
}

const char *date_said(struct arena *a, struct date d, enum lang lang)
{
    static const char *const months[LANG_COUNT][12] = {
        [LANG_HU] = {"január", "február", "március", "április", "május", "június", "július", "augusztus",
                     "szeptember", "október", "november", "december"},
        [LANG_EN] = {"January", "February", "March", "April", "May", "June", "July", "August", "September",
                     "October", "November", "December"}};
    char ro[11];

    if (!date_valid(d))
        return "";
    const char *month = months[lang][d.m - 1];
    if (lang == LANG_HU)
        return arena_fmt(a, "%d. %s %d.", d.y, month, d.d);
    if (lang == LANG_EN)
        return arena_fmt(a, "%d %s %d", d.d, month, d.y);
    date_ro(ro, d);
    return arena_str(a, ro);
}

struct tr date_tr(struct arena *a, struct date d)
{
    struct tr tr;
    for (int i = 0; i < LANG_COUNT; i++)
        tr.t[i] = date_said(a, d, (enum lang)i);
    return tr;
}

struct pair {
    const char *key;
    const char *text;
};
struct i18n {
    struct {
        struct pair *pairs;
        size_t n;
    } lang[LANG_COUNT];
};

static int pair_cmp(const void *a, const void *b)
{
    return strcmp(((const struct pair *)a)->key, ((const struct pair *)b)->key);
}

static enum rc load_one(struct arena *a, const char *dir, int lang, struct i18n *t, struct err *e)
{
    const char *path = arena_fmt(a, "%s/%s.json", dir, lang_codes[lang]);
    struct jval *v = NULL;
    TRY(jval_load(a, path, &v, e));
    if (v->kind != JV_OBJ)
        return err_set(e, RC_BAD_JSON, "%s: not an object", path);
    struct pair *pairs = ARENA_ARRAY(a, struct pair, v->n ? v->n : 1);
    for (size_t i = 0; i < v->n; i++) {
        if (v->items[i].kind != JV_STR)
            return err_at(e, RC_BAD_FIELD, v->names[i], "%s: %s is not a text", path, v->names[i]);
        pairs[i] = (struct pair){v->names[i], v->items[i].s};
    }
    qsort(pairs, v->n, sizeof(*pairs), pair_cmp);
    t->lang[lang].pairs = pairs;
    t->lang[lang].n = v->n;
    return RC_OK;
}

enum rc i18n_load(struct arena *a, const char *dir, struct i18n **out, struct err *e)
{
    struct i18n *t = ARENA_NEW(a, struct i18n);
    for (int i = 0; i < LANG_COUNT; i++)
        TRY(load_one(a, dir, i, t, e));
    *out = t;
    return RC_OK;
}

const char *i18n_text(const struct i18n *t, enum lang lang, const char *key)
{
    const enum lang order[] = {lang, LANG_RO};
    for (size_t i = 0; t && i < COUNT(order); i++) {
        struct pair want = {key, NULL};
        const struct pair *p =
            bsearch(&want, t->lang[order[i]].pairs, t->lang[order[i]].n, sizeof(want), pair_cmp);
        if (p)
            return p->text;
    }
    return key;
}
