/* JSON out: canonical text from trees and from descriptor tables. */
#include "common/base/json.h"

#include <string.h>

#include "common/base/text.h"

static void put_int(struct buf *out, int64_t v)
{
    char digits[24], *p = digits + sizeof(digits);
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do
        *--p = (char)('0' + u % 10);
    while ((u /= 10) > 0);
    if (v < 0)
        *--p = '-';
    buf_add(out, p, (size_t)(digits + sizeof(digits) - p));
}

/* Shortest escapes of RFC 8259, section 7. */
static void put_escape(struct buf *out, unsigned char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *hit = memchr(from, c, sizeof(from) - 1);
    if (hit == NULL) {
        buf_fmt(out, "\\u%04x", c);
        return;
    }
    buf_chr(out, '\\');
    buf_chr(out, to[hit - from]);
}

/* Length of a run that needs no change. */
static size_t plain_run(const char *s)
{
    size_t n = 0;
    while ((unsigned char)s[n] >= 0x20 && s[n] != '"' && s[n] != '\\')
        n++;
    return n;
}

/* Whatever a device said: a byte that is no UTF-8 goes out as U+FFFD, so that the text stays JSON. */
static void put_lossy(struct buf *out, const char *s, size_t len)
{
    while (len > 0) {
        size_t n = 1;
        while (n < len && ((unsigned char)s[n] & 0xC0) == 0x80 && n < 4)
            n++;
        if (utf8_valid(s, n))
            buf_add(out, s, n);
        else
            buf_str(out, "\xEF\xBF\xBD");
        s += n;
        len -= n;
    }
}

static void put_escaped(struct buf *out, const char *s)
{
    while (*s != '\0') {
        size_t n = plain_run(s);
        buf_add(out, s, n);
        s += n;
        if (*s != '\0')
            put_escape(out, (unsigned char)*s++);
    }
}

void json_quote(struct buf *out, const char *s)
{
    size_t len = strlen(s);
    BUF_SCOPE(fixed);
    buf_chr(out, '"');
    if (utf8_valid(s, len)) {
        put_escaped(out, s);
    } else {
        put_lossy(&fixed, s, len);
        put_escaped(out, fixed.p);
    }
    buf_chr(out, '"');
}

void jval_encode(const struct jval *v, struct buf *out)
{
    bool object = v->kind == JV_OBJ;
    switch (v->kind) {
    case JV_NULL:
        buf_add(out, "null", 4);
        return;
    case JV_BOOL:
        buf_str(out, v->b ? "true" : "false");
        return;
    case JV_INT:
        put_int(out, v->i);
        return;
    case JV_STR:
        json_quote(out, v->s);
        return;
    case JV_ARR:
    case JV_OBJ:
        break;
    }
    buf_chr(out, object ? '{' : '[');
    for (size_t i = 0; i < v->n; i++) {
        if (i > 0)
            buf_chr(out, ',');
        if (object) {
            json_quote(out, v->names[i]);
            buf_chr(out, ':');
        }
        jval_encode(&v->items[i], out);
    }
    buf_chr(out, object ? '}' : ']');
}

static void put_struct(const struct jdesc *d, const char *base, struct buf *out, bool redact);

static const void *ptr_at(const char *base, size_t offset)
{
    const void *p;
    memcpy(&p, base + offset, sizeof(p));
    return p;
}

static size_t count_at(const char *base, size_t offset)
{
    size_t n;
    memcpy(&n, base + offset, sizeof(n));
    return n;
}

static bool empty(const struct jfield *f, const char *base)
{
    switch (f->type) {
    case J_STR: {
        const char *s = ptr_at(base, f->offset);
        return s == NULL || s[0] == '\0';
    }
    case J_INT:
        return *(const int64_t *)(const void *)(base + f->offset) == 0;
    case J_BOOL:
        return !*(const bool *)(base + f->offset);
    case J_OBJ:
        return false;
    case J_ARR:
    case J_STRS:
        return count_at(base, f->count_offset) == 0;
    case J_OBJP:
    case J_ANY:
        break;
    }
    return ptr_at(base, f->offset) == NULL;
}

static void put_list(const struct jfield *f, const char *base, struct buf *out, bool redact)
{
    const char *p = ptr_at(base, f->offset);
    size_t n = p != NULL ? count_at(base, f->count_offset) : 0;
    buf_chr(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_chr(out, ',');
        if (f->type == J_ARR) {
            put_struct(f->sub, p + i * f->sub->size, out, redact);
            continue;
        }
        const char *s = ptr_at(p, i * sizeof(char *));
        json_quote(out, s != NULL ? s : "");
    }
    buf_chr(out, ']');
}

static void put_field(const struct jfield *f, const char *base, struct buf *out, bool redact)
{
    const void *p = base + f->offset;
    switch (f->type) {
    case J_STR:
        p = ptr_at(base, f->offset);
        json_quote(out, p != NULL ? p : "");
        return;
    case J_INT:
        put_int(out, *(const int64_t *)p);
        return;
    case J_BOOL:
        buf_str(out, *(const bool *)p ? "true" : "false");
        return;
    case J_OBJ:
        put_struct(f->sub, p, out, redact);
        return;
    case J_ARR:
    case J_STRS:
        put_list(f, base, out, redact);
        return;
    case J_OBJP:
    case J_ANY:
        break;
    }
    p = ptr_at(base, f->offset);
    if (p == NULL)
        buf_add(out, "null", 4);
    else if (f->type == J_ANY)
        jval_encode(p, out);
    else
        put_struct(f->sub, p, out, redact);
}

static void put_struct(const struct jdesc *d, const char *base, struct buf *out, bool redact)
{
    bool first = true;
    buf_chr(out, '{');
    for (size_t i = 0; i < d->n; i++) {
        const struct jfield *f = &d->fields[i];
        if ((f->flags & J_OMIT) && empty(f, base))
            continue;
        if (!first)
            buf_chr(out, ',');
        first = false;
        json_quote(out, f->name);
        buf_chr(out, ':');
        if (redact && (f->flags & J_PD))
            buf_add(out, "\"***\"", 5);
        else
            put_field(f, base, out, redact);
    }
    buf_chr(out, '}');
}

void json_encode(const struct jdesc *d, const void *in, struct buf *out)
{
    put_struct(d, in, out, false);
}

void json_redact(const struct jdesc *d, const void *in, struct buf *out)
{
    put_struct(d, in, out, true);
}
