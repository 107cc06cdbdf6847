/* Descriptor tables: a tree becomes a struct, or an error that names the path and the reason. */
#include "common/base/json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"

#define FIELDS_MAX 128
#define PATH_NAME_MAX 64
#define STR_MAX 4096
#define LIST_MAX 1024

/* The way from the root to the value at hand, as a chain through the call stack. */
struct where {
    const struct where *up;
    const char *name; /* NULL: array element */
    size_t index;
};

struct decoder {
    struct arena *a;
    struct err *e;
};

static enum rc decode_struct(struct decoder *dc, const struct jdesc *d, const struct jval *v, char *base,
                             const struct where *at);

static void path_put(struct buf *b, const struct where *at)
{
    if (at == NULL)
        return;
    path_put(b, at->up);
    if (at->name == NULL) {
        buf_fmt(b, "[%zu]", at->index);
        return;
    }
    if (b->len > 0)
        buf_chr(b, '.');
    /* Unknown names come from outside: nothing that could spoil a log line. */
    size_t n = utf8_cut(at->name, PATH_NAME_MAX);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)at->name[i];
        buf_chr(b, c < 0x20 || c == '"' || c == 0x7F ? '?' : (char)c);
    }
}

static enum rc refuse(struct decoder *dc, const struct where *at, const char *fmt, ...) PRINTF(3, 4);
static enum rc refuse(struct decoder *dc, const struct where *at, const char *fmt, ...)
{
    BUF_SCOPE(path);
    char why[160];
    buf_str(&path, "");
    path_put(&path, at);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof(why), fmt, ap);
    va_end(ap);
    return err_at(dc->e, RC_BAD_FIELD, path.p, "%s", why);
}

static enum rc check_word(struct decoder *dc, const struct jfield *f, const char *s, const struct where *at)
{
    BUF_SCOPE(list);
    for (const char *const *w = f->words; *w != NULL; w++) {
        if (strcmp(*w, s) == 0)
            return RC_OK;
        buf_fmt(&list, "%s%s", w == f->words ? "" : ", ", *w);
    }
    return refuse(dc, at, "must be one of: %s", list.p != NULL ? list.p : "");
}

static enum rc decode_str(struct decoder *dc, const struct jfield *f, const struct jval *v, char *base,
                          const struct where *at)
{
    if (v->kind != JV_STR)
        return refuse(dc, at, "must be a string");
    int64_t len = (int64_t)strlen(v->s), max = f->max > 0 ? f->max : STR_MAX;
    /* A member that may be absent may also be there and empty. */
    bool may_be_empty = !(f->flags & J_REQ) || f->min < 0;
    if (len > max)
        return refuse(dc, at, "longer than %" PRId64 " bytes", max);
    if (len == 0 && !may_be_empty)
        return refuse(dc, at, "must not be empty");
    if (len > 0 && len < f->min)
        return refuse(dc, at, "shorter than %" PRId64 " bytes", f->min);
    if (f->words != NULL && len > 0)
        TRY(check_word(dc, f, v->s, at));
    memcpy(base + f->offset, &v->s, sizeof(v->s));
    return RC_OK;
}

static enum rc decode_int(struct decoder *dc, const struct jfield *f, const struct jval *v, char *base,
                          const struct where *at)
{
    int64_t max = f->max != 0 ? f->max : INT64_MAX;
    if (v->kind != JV_INT)
        return refuse(dc, at, "must be a whole number");
    if (v->i < f->min)
        return refuse(dc, at, "less than %" PRId64, f->min);
    if (v->i > max)
        return refuse(dc, at, "greater than %" PRId64, max);
    memcpy(base + f->offset, &v->i, sizeof(v->i));
    return RC_OK;
}

static enum rc decode_list(struct decoder *dc, const struct jfield *f, const struct jval *v, char *base,
                           const struct where *at)
{
    int64_t max = f->max > 0 ? f->max : LIST_MAX;
    if (v->kind != JV_ARR)
        return refuse(dc, at, "must be a list");
    if ((int64_t)v->n > max)
        return refuse(dc, at, "more than %" PRId64 " elements", max);
    if ((int64_t)v->n < f->min)
        return refuse(dc, at, "fewer than %" PRId64 " elements", f->min);
    size_t size = f->type == J_ARR ? f->sub->size : sizeof(char *);
    char *list = arena_alloc(dc->a, v->n * size);
    for (size_t i = 0; i < v->n; i++) {
        struct where here = {at, NULL, i};
        static const struct jfield one = {.type = J_STR, .min = -1};
        if (f->type == J_ARR)
            TRY(decode_struct(dc, f->sub, &v->items[i], list + i * size, &here));
        else
            TRY(decode_str(dc, &one, &v->items[i], list + i * size, &here));
    }
    memcpy(base + f->offset, &list, sizeof(list));
    memcpy(base + f->count_offset, &v->n, sizeof(v->n));
    return RC_OK;
}

static enum rc decode_field(struct decoder *dc, const struct jfield *f, const struct jval *v, char *base,
                            const struct where *at)
{
    switch (f->type) {
    case J_STR:
        return decode_str(dc, f, v, base, at);
    case J_INT:
        return decode_int(dc, f, v, base, at);
    case J_BOOL:
        if (v->kind != JV_BOOL)
            return refuse(dc, at, "must be true or false");
        memcpy(base + f->offset, &v->b, sizeof(v->b));
        return RC_OK;
    case J_OBJ:
        return decode_struct(dc, f->sub, v, base + f->offset, at);
    case J_OBJP: {
        if (v->kind == JV_NULL && !(f->flags & J_REQ))
            return RC_OK;
        char *sub = arena_alloc(dc->a, f->sub->size);
        memcpy(base + f->offset, &sub, sizeof(sub));
        return decode_struct(dc, f->sub, v, sub, at);
    }
    case J_ARR:
    case J_STRS:
        return decode_list(dc, f, v, base, at);
    case J_ANY:
        break;
    }
    memcpy(base + f->offset, &v, sizeof(v));
    return RC_OK;
}

/* Members mostly come in table order: the search goes on where the last hit was. */
static size_t field_index(const struct jdesc *d, const char *name, size_t hint)
{
    for (size_t i = 0; i < d->n; i++) {
        size_t k = (hint + i) % d->n;
        if (strcmp(d->fields[k].name, name) == 0)
            return k;
    }
    return d->n;
}

static enum rc decode_struct(struct decoder *dc, const struct jdesc *d, const struct jval *v, char *base,
                             const struct where *at)
{
    bool seen[FIELDS_MAX] = {false};
    if (v->kind != JV_OBJ)
        return refuse(dc, at, "must be an object");
    if (d->n > FIELDS_MAX)
        return err_set(dc->e, RC_INTERNAL, "%s: more than %d fields in the table", d->name, FIELDS_MAX);
    size_t next = 0;
    for (size_t i = 0; i < v->n; i++) {
        struct where here = {at, v->names[i], 0};
        size_t k = field_index(d, v->names[i], next);
        if (k == d->n)
            return refuse(dc, &here, "unknown member");
        if (seen[k])
            return refuse(dc, &here, "given twice");
        TRY(decode_field(dc, &d->fields[k], &v->items[i], base, &here));
        seen[k] = true;
        next = k + 1;
    }
    for (size_t k = 0; k < d->n; k++) {
        struct where here = {at, d->fields[k].name, 0};
        if ((d->fields[k].flags & J_REQ) && !seen[k])
            return refuse(dc, &here, "missing");
    }
    return RC_OK;
}

enum rc json_decode_val(struct arena *a, const struct jdesc *d, const struct jval *v, void *out,
                        struct err *e)
{
    struct decoder dc = {a, e};
    char *made = arena_alloc(a, d->size);
    TRY(decode_struct(&dc, d, v, made, NULL));
    memcpy(out, made, d->size);
    return RC_OK;
}

enum rc json_decode(struct arena *a, const struct jdesc *d, const char *text, size_t len, void *out,
                    struct err *e)
{
    struct jval *v;
    TRY(jval_parse(a, text, len, &v, e));
    return json_decode_val(a, d, v, out, e);
}

enum rc json_load(struct arena *a, const struct jdesc *d, const char *path, void *out, struct err *e)
{
    struct jval *v;
    TRY(jval_load(a, path, &v, e));
    enum rc rc = json_decode_val(a, d, v, out, e);
    return rc == RC_OK ? RC_OK : err_wrap(e, rc, "%s", path);
}
