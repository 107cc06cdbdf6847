/* The strict parser. One pass judges and builds the tree in the arena: every byte has to be looked at for the
 * rules (UTF-8, grammar, depth, doubled members, U+0000, fractions) anyway, so a second parser behind a
 * validator would only add a heap block per value: a signature of 1,000 samples has 5,000 values. */
#include "common/base/json.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/fs.h"
#include "common/base/text.h"

#define PATH_NAME_MAX 64
#define FILE_MAX ((size_t)8 << 20)
#define SAFE_DIGITS 18 /* so many always fit into 63 bits */

struct item {
    const char *name; /* NULL in arrays */
    struct jval v;
};

struct place {
    const char *name; /* NULL: array element */
    size_t index;
};

struct parser {
    struct arena *a;
    const char *start, *p, *end;
    struct item *stack; /* values of containers that are still open */
    size_t n, cap;
    struct place at[JSON_DEPTH + 1];
    int depth;
    struct err *e;
};

static enum rc value(struct parser *ps, struct jval *out);

/* Names come from outside: control characters and quotes would spoil a log line. */
static void path_add(struct buf *b, const char *name, size_t index)
{
    if (name == NULL) {
        buf_fmt(b, "[%zu]", index);
        return;
    }
    if (b->len > 0)
        buf_chr(b, '.');
    size_t n = utf8_cut(name, PATH_NAME_MAX);
    for (size_t i = 0; i < n; i++)
        buf_chr(b, (unsigned char)name[i] < 0x20 || name[i] == '"' || name[i] == 0x7F ? '?' : name[i]);
}

static enum rc fail(struct parser *ps, int depth, const char *why, bool where)
{
    BUF_SCOPE(path);
    buf_str(&path, "");
    for (int i = 1; i <= depth && i <= JSON_DEPTH; i++)
        path_add(&path, ps->at[i].name, ps->at[i].index);
    if (where)
        return err_at(ps->e, RC_BAD_JSON, path.p, "%s at byte %zu", why, (size_t)(ps->p - ps->start));
    return err_at(ps->e, RC_BAD_JSON, path.p, "%s", why);
}

static void blanks(struct parser *ps)
{
    while (ps->p < ps->end && (unsigned char)*ps->p <= ' ' &&
           (*ps->p == ' ' || *ps->p == '\n' || *ps->p == '\r' || *ps->p == '\t'))
        ps->p++;
}

static bool take(struct parser *ps, char c)
{
    blanks(ps);
    if (ps->p == ps->end || *ps->p != c)
        return false;
    ps->p++;
    return true;
}

static int hex4(const char *s, const char *end)
{
    int v = 0;
    if (end - s < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int c = (unsigned char)s[i], l = c | 0x20;
        int d = c >= '0' && c <= '9' ? c - '0' : l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
        if (d < 0)
            return -1;
        v = v << 4 | d;
    }
    return v;
}

static char *put_utf8(char *o, unsigned c)
{
    if (c < 0x80) {
        *o++ = (char)c;
    } else if (c < 0x800) {
        *o++ = (char)(0xC0 | c >> 6);
        *o++ = (char)(0x80 | (c & 63));
    } else {
        if (c >= 0x10000) {
            *o++ = (char)(0xF0 | c >> 18);
            *o++ = (char)(0x80 | (c >> 12 & 63));
        } else {
            *o++ = (char)(0xE0 | c >> 12);
        }
        *o++ = (char)(0x80 | (c >> 6 & 63));
        *o++ = (char)(0x80 | (c & 63));
    }
    return o;
}

/* Four hex digits at s (behind the u), with the second half when they are a surrogate. NULL: refused, why
 * says so. */
static const char *unicode(const char *s, const char *end, char **out, const char **why)
{
    int c = hex4(s, end);
    s += 4;
    *why = c < 0 ? "bad \\u escape" : "U+0000 is not allowed";
    if (c <= 0)
        return NULL;
    if (c >= 0xD800 && c <= 0xDFFF) {
        int low = c < 0xDC00 && end - s >= 6 && s[0] == '\\' && s[1] == 'u' ? hex4(s + 2, end) : -1;
        *why = "lone surrogate";
        if (low < 0xDC00 || low > 0xDFFF)
            return NULL;
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        s += 6;
    }
    *out = put_utf8(*out, (unsigned)c);
    return s;
}

static enum rc unescape(struct parser *ps, const char *s, const char *end, const char **out)
{
    char *text = arena_alloc(ps->a, (size_t)(end - s) + 1), *o = text;
    while (s < end) {
        if (*s != '\\') {
            *o++ = *s++;
            continue;
        }
        static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
        const char *why = "bad escape", *next = NULL, *hit = s[1] != '\0' ? strchr(from, s[1]) : NULL;
        if (hit != NULL) {
            *o++ = to[hit - from];
            next = s + 2;
        } else if (s[1] == 'u') {
            next = unicode(s + 2, end, &o, &why);
        }
        if (next == NULL) {
            ps->p = s;
            return fail(ps, ps->depth, why, true);
        }
        s = next;
    }
    *out = text;
    return RC_OK;
}

/* At the opening quote. */
static enum rc string(struct parser *ps, const char **out)
{
    const char *s = ++ps->p;
    bool escapes = false, high = false;
    const char *p = s;
    for (; p < ps->end; p++) {
        unsigned char c = (unsigned char)*p;
        if (c > '\\' && c < 0x80) /* most letters */
            continue;
        high |= c >= 0x80;
        if (c == '"' || c < 0x20)
            break;
        if (c == '\\') {
            escapes = true;
            if (++p == ps->end)
                break;
            high |= (unsigned char)*p >= 0x80;
        }
    }
    ps->p = p;
    if (p == ps->end)
        return fail(ps, ps->depth, "string without end", true);
    if (*p != '"')
        return fail(ps, ps->depth, "control character in a string", true);
    const char *end = ps->p++;
    if (high && !utf8_valid(s, (size_t)(end - s)))
        return fail(ps, ps->depth, "not UTF-8", false);
    if (escapes)
        return unescape(ps, s, end, out);
    *out = arena_strn(ps->a, s, (size_t)(end - s));
    return RC_OK;
}

static enum rc number(struct parser *ps, struct jval *out)
{
    bool minus = *ps->p == '-';
    const char *s = ps->p += minus, *p = s;
    uint64_t v = 0, limit = (uint64_t)INT64_MAX + minus;
    bool over = false;
    for (; p < ps->end && (unsigned)(*p - '0') < 10; p++) {
        unsigned d = (unsigned)(*p - '0');
        if (p - s >= SAFE_DIGITS)
            over = over || v > (limit - d) / 10;
        v = v * 10 + d;
    }
    ps->p = p;
    if (ps->p == s || (*s == '0' && ps->p - s > 1))
        return fail(ps, ps->depth, "bad number", true);
    if (ps->p < ps->end && (*ps->p == '.' || *ps->p == 'e' || *ps->p == 'E'))
        return fail(ps, ps->depth, "number must be whole", false);
    if (over)
        return fail(ps, ps->depth, "number too large", false);
    out->kind = JV_INT;
    out->i = minus ? (int64_t)(0 - v) : (int64_t)v;
    return RC_OK;
}

static enum rc literal(struct parser *ps, struct jval *out)
{
    static const struct {
        const char *word;
        size_t len;
        enum jkind kind;
        bool b;
    } words[] = {{"true", 4, JV_BOOL, true}, {"false", 5, JV_BOOL, false}, {"null", 4, JV_NULL, false}};
    for (size_t i = 0; i < COUNT(words); i++) {
        if ((size_t)(ps->end - ps->p) < words[i].len || memcmp(ps->p, words[i].word, words[i].len) != 0)
            continue;
        ps->p += words[i].len;
        out->kind = words[i].kind;
        out->b = words[i].b;
        return RC_OK;
    }
    return fail(ps, ps->depth, ps->p == ps->end ? "ends too early" : "not a JSON value", true);
}

static void push(struct parser *ps, const struct item *it)
{
    if (ps->n == ps->cap) {
        size_t cap = ps->cap > 0 ? ps->cap * 2 : 64;
        struct item *more = calloc(cap, sizeof(*more));
        if (more == NULL)
            abort();
        if (ps->n > 0)
            memcpy(more, ps->stack, ps->n * sizeof(*more));
        wipe(ps->stack, ps->cap * sizeof(*more));
        free(ps->stack);
        ps->stack = more;
        ps->cap = cap;
    }
    ps->stack[ps->n++] = *it;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Small objects are compared pair by pair, large ones sorted first: a hostile body must not cost n * n. */
static const char *doubled(struct parser *ps, const char *const *names, size_t n)
{
    if (n <= 16) {
        for (size_t i = 1; i < n; i++)
            for (size_t j = 0; j < i; j++)
                if (names[i][0] == names[j][0] && strcmp(names[i], names[j]) == 0)
                    return names[i];
        return NULL;
    }
    const char **sorted = arena_dup(ps->a, names, n * sizeof(*names));
    qsort(sorted, n, sizeof(*sorted), by_name);
    for (size_t i = 1; i < n; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            return sorted[i];
    return NULL;
}

/* Moves the values above base from the stack into their container. */
static enum rc close_container(struct parser *ps, size_t base, struct jval *out)
{
    size_t n = ps->n - base;
    out->n = n;
    out->items = ARENA_ARRAY(ps->a, struct jval, n);
    for (size_t i = 0; i < n; i++)
        out->items[i] = ps->stack[base + i].v;
    if (out->kind == JV_OBJ) {
        out->names = ARENA_ARRAY(ps->a, const char *, n);
        for (size_t i = 0; i < n; i++)
            out->names[i] = ps->stack[base + i].name;
        ps->at[ps->depth].name = doubled(ps, out->names, n);
        if (ps->at[ps->depth].name != NULL)
            return fail(ps, ps->depth, "given twice", false);
    }
    ps->n = base;
    return RC_OK;
}

/* One element, for objects with its name; its place is known to error texts meanwhile. */
static enum rc element(struct parser *ps, bool object, size_t index)
{
    struct item it = {0};
    if (object) {
        blanks(ps);
        if (ps->p == ps->end || *ps->p != '"')
            return fail(ps, ps->depth - 1, "expected a member name", true);
        ps->at[ps->depth].name = "?";
        TRY(string(ps, &it.name));
        if (!take(ps, ':'))
            return fail(ps, ps->depth - 1, "expected ':'", true);
    }
    ps->at[ps->depth] = (struct place){it.name, index};
    TRY(value(ps, &it.v));
    push(ps, &it);
    return RC_OK;
}

static enum rc container(struct parser *ps, struct jval *out)
{
    bool object = *ps->p++ == '{';
    char end = object ? '}' : ']';
    size_t base = ps->n;
    if (ps->depth == JSON_DEPTH)
        return fail(ps, ps->depth, "nested too deep", false);
    out->kind = object ? JV_OBJ : JV_ARR;
    ps->depth++;
    for (bool done = take(ps, end); !done; done = take(ps, end)) {
        if (ps->n > base && !take(ps, ','))
            return fail(ps, ps->depth - 1, object ? "expected ',' or '}'" : "expected ',' or ']'", true);
        TRY(element(ps, object, ps->n - base));
    }
    TRY(close_container(ps, base, out));
    ps->depth--;
    return RC_OK;
}

static enum rc value(struct parser *ps, struct jval *out)
{
    blanks(ps);
    char c = ps->p < ps->end ? *ps->p : '\0';
    if (c == '{' || c == '[')
        return container(ps, out);
    if (c == '"') {
        out->kind = JV_STR;
        return string(ps, &out->s);
    }
    if (c == '-' || (c >= '0' && c <= '9'))
        return number(ps, out);
    return literal(ps, out);
}

enum rc jval_parse(struct arena *a, const char *text, size_t len, struct jval **out, struct err *e)
{
    struct parser ps = {.a = a, .start = text, .p = text, .end = text + len, .e = e};
    struct jval *v = ARENA_NEW(a, struct jval);
    enum rc rc = value(&ps, v);
    if (rc == RC_OK) {
        blanks(&ps);
        if (ps.p != ps.end)
            rc = fail(&ps, 0, "something behind the end", true);
    }
    wipe(ps.stack, ps.cap * sizeof(*ps.stack));
    free(ps.stack);
    if (rc == RC_OK)
        *out = v;
    return rc;
}

enum rc jval_load(struct arena *a, const char *path, struct jval **out, struct err *e)
{
    char *text;
    size_t len;
    TRY(fs_read(a, path, FILE_MAX, &text, &len, e));
    enum rc rc = jval_parse(a, text, len, out, e);
    return rc == RC_OK ? RC_OK : err_wrap(e, rc, "%s", path);
}

const struct jval *jval_get(const struct jval *v, const char *name)
{
    if (v == NULL || v->kind != JV_OBJ)
        return NULL;
    for (size_t i = 0; i < v->n; i++)
        if (strcmp(v->names[i], name) == 0)
            return &v->items[i];
    return NULL;
}

const char *jval_str(const struct jval *v, const char *name, const char *def)
{
    const struct jval *m = jval_get(v, name);
    return m != NULL && m->kind == JV_STR ? m->s : def;
}

int64_t jval_int(const struct jval *v, const char *name, int64_t def)
{
    const struct jval *m = jval_get(v, name);
    return m != NULL && m->kind == JV_INT ? m->i : def;
}

bool jval_bool(const struct jval *v, const char *name, bool def)
{
    const struct jval *m = jval_get(v, name);
    return m != NULL && m->kind == JV_BOOL ? m->b : def;
}
