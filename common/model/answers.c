#include <string.h>

#include "common/base/text.h"
#include "common/model/form.h"

void answers_init(struct answers *s, struct arena *a)
{
    *s = (struct answers){.arena = a};
}

const struct answer *answers_get(const struct answers *s, const char *id)
{
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->items[i].id, id) == 0)
            return s->items[i].n ? &s->items[i] : NULL;
    }
    return NULL;
}

const char *answers_one(const struct answers *s, const char *id)
{
    const struct answer *x = answers_get(s, id);
    return x ? x->values[0] : NULL;
}

const char *answers_source(const struct answers *s, const char *id)
{
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->items[i].id, id) == 0)
            return s->items[i].source;
    }
    return NULL;
}

static struct answer *slot(struct answers *s, const char *id)
{
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->items[i].id, id) == 0)
            return &s->items[i];
    }
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 16;
        struct answer *more = ARENA_ARRAY(s->arena, struct answer, cap);
        if (s->n)
            memcpy(more, s->items, s->n * sizeof(*more));
        s->items = more;
        s->cap = cap;
    }
    s->items[s->n] = (struct answer){.id = arena_str(s->arena, id)};
    return &s->items[s->n++];
}

void answers_put(struct answers *s, const char *id, const char *const *values, size_t n, const char *source)
{
    struct answer *x = slot(s, id);
    const char **copy = ARENA_ARRAY(s->arena, const char *, n + 1);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (values[i] && *values[i])
            copy[kept++] = arena_str(s->arena, values[i]);
    }
    x->values = copy;
    x->n = kept;
    x->source = source;
}

#define VALUES_MAX 32
#define VALUE_BYTES 4096

/* One JSON value as the texts it stands for; -1 when its shape is wrong. */
static int texts_of(const struct jval *v, const char **out)
{
    if (v->kind == JV_NULL)
        return 0;
    if (v->kind == JV_BOOL) {
        out[0] = v->b ? "true" : "false";
        return 1;
    }
    if (v->kind == JV_STR) {
        out[0] = v->s;
        return strlen(v->s) <= VALUE_BYTES ? 1 : -1;
    }
    if (v->kind != JV_ARR || v->n > VALUES_MAX)
        return -1;
    for (size_t i = 0; i < v->n; i++) {
        if (v->items[i].kind != JV_STR || strlen(v->items[i].s) > VALUE_BYTES)
            return -1;
        out[i] = v->items[i].s;
    }
    return (int)v->n;
}

/* A page gives back all its fields: what it did not change keeps its source. */
static const char *source_of(const struct answers *s, const char *id, const char *const *texts, int n)
{
    const struct answer *had = answers_get(s, id);
    bool same = had && had->n == 1 && n == 1 && strcmp(had->values[0], texts[0]) == 0;
    return same && had->source ? had->source : "applicant";
}

static enum rc wrong(struct answers *s, const char *id, const char *why, struct err *e)
{
    return err_at(e, RC_BAD_FIELD, arena_fmt(s->arena, "answers.%s", id), "%s", why);
}

enum rc answers_read(struct answers *s, const struct service *svc, const struct jval *v, struct err *e)
{
    const struct answers before = *s; /* names come once in an object: only these can have been there */
    size_t at = 0;

    if (!v || v->kind != JV_OBJ)
        return err_at(e, RC_BAD_FIELD, "answers", "not an object");
    for (size_t i = 0; i < v->n; i++) {
        const struct field *f = service_field_next(svc, v->names[i], &at);
        const char *texts[VALUES_MAX];
        int n = texts_of(&v->items[i], texts);
        if (!f || f->type == FT_NOTE)
            return wrong(s, v->names[i], "unknown field", e);
        if (n < 0 || (n > 1 && f->type != FT_MULTI && f->type != FT_FILE))
            return wrong(s, v->names[i], "wrong type or too long", e);
        answers_put(s, f->id, texts, (size_t)n, source_of(&before, f->id, texts, n));
    }
    return RC_OK;
}

static void encode_one(const struct field *f, const struct answer *x, struct buf *out)
{
    json_quote(out, f->id);
    buf_chr(out, ':');
    if (f->type == FT_BOOL) {
        buf_str(out, x->values[0]);
        return;
    }
    if (f->type != FT_MULTI && f->type != FT_FILE) {
        json_quote(out, x->values[0]);
        return;
    }
    buf_chr(out, '[');
    for (size_t i = 0; i < x->n; i++) {
        if (i)
            buf_chr(out, ',');
        json_quote(out, x->values[i]);
    }
    buf_chr(out, ']');
}

void answers_encode(const struct form_ctx *c, const struct answers *s, struct buf *out)
{
    bool first = true;
    buf_chr(out, '{');
    for (size_t i = 0; i < c->service->n_fields; i++) {
        const struct field *f = &c->service->fields[i];
        const struct answer *x = answers_get(s, f->id);
        if (!x || !form_asked(c, f) || !form_visible(c, s, f))
            continue;
        if (!first)
            buf_chr(out, ',');
        first = false;
        encode_one(f, x, out);
    }
    buf_chr(out, '}');
}
