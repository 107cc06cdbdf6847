/* Distinguished names, and PEM. */
#include "drivers/card/x509.h"

#include "common/base/buf.h"
#include "common/base/text.h"

#include <string.h>

#define FNV_BASIS 2166136261u
#define FNV_PRIME 16777619u
#define NAME_TEXT_MAX 400

/* Walks over the attributes of a name: RDNs one after the other, their members in their order. */
struct walk {
    struct der rdns, set;
};
struct attribute {
    struct bytes type, value;
    uint8_t kind; /* tag of the value */
    bool first;   /* of its RDN */
};

static struct walk walk_begin(struct bytes name)
{
    struct der outer = der_in(name), rdns = {0};
    if (der_enter(&outer, DER_SEQUENCE, &rdns, NULL) != RC_OK)
        rdns = (struct der){0};
    return (struct walk){rdns, {0}};
}

static bool walk_next(struct walk *w, struct attribute *out)
{
    struct der pair;
    struct der_item type, value;
    *out = (struct attribute){0};
    if (w->set.len == 0) {
        if (w->rdns.len == 0 || der_enter(&w->rdns, DER_SET, &w->set, NULL) != RC_OK)
            return false;
        out->first = true;
    }
    if (der_enter(&w->set, DER_SEQUENCE, &pair, NULL) != RC_OK ||
        der_take(&pair, DER_OID, &type, NULL) != RC_OK || der_next(&pair, &value, NULL) != RC_OK)
        return false;
    out->type = type.v;
    out->value = value.v;
    out->kind = value.tag;
    return true;
}

/* Characters of a value as compared: blanks at the ends off, runs of them one, small letters. BMPString gives
 * its two bytes. -1 at the end. */
struct chars {
    const uint8_t *p, *end;
    bool wide, begun;
};

static struct chars chars_of(const struct attribute *a)
{
    const uint8_t *p = a->value.p;
    return (struct chars){p, p + a->value.len, a->kind == 0x1E, false};
}

static int unit(struct chars *c)
{
    if (c->wide && c->end - c->p >= 2) {
        c->p += 2;
        return c->p[-2] << 8 | c->p[-1];
    }
    return c->p < c->end ? *c->p++ : -1;
}

static int next_char(struct chars *c)
{
    int v = unit(c);
    bool blank = false;
    while (v == ' ') {
        blank = true;
        v = unit(c);
    }
    if (blank && c->begun && v >= 0) {
        c->p -= c->wide ? 2 : 1;
        c->begun = false; /* the blank is told once; the next call goes on behind it */
        return ' ';
    }
    c->begun = true;
    return v >= 'A' && v <= 'Z' ? v - 'A' + 'a' : v;
}

static bool value_same(const struct attribute *a, const struct attribute *b)
{
    struct chars x = chars_of(a), y = chars_of(b);
    for (;;) {
        int u = next_char(&x), v = next_char(&y);
        if (u != v)
            return false;
        if (u < 0)
            return true;
    }
}

bool name_same(struct bytes a, struct bytes b)
{
    if (der_same(a, b))
        return true;
    struct walk x = walk_begin(a), y = walk_begin(b);
    for (size_t n = 0;; n++) {
        struct attribute u, v;
        bool more = walk_next(&x, &u);
        if (more != walk_next(&y, &v))
            return false;
        if (!more)
            return n > 0 && x.rdns.len == 0 && y.rdns.len == 0;
        if (u.first != v.first || !der_same(u.type, v.type) || !value_same(&u, &v))
            return false;
    }
}

static uint32_t fnv(uint32_t h, const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * FNV_PRIME;
    return h;
}

uint32_t name_hash(struct bytes name)
{
    struct walk w = walk_begin(name);
    struct attribute a;
    uint32_t h = FNV_BASIS;
    while (walk_next(&w, &a)) {
        struct chars c = chars_of(&a);
        h = fnv(h, a.type.p, a.type.len);
        for (int v = next_char(&c); v >= 0; v = next_char(&c))
            h = fnv(h, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
    }
    return h;
}

static const char *type_name(struct bytes oid)
{
    static const struct {
        const char *oid, *name;
    } rows[] = {{"\x55\x04\x03", "CN"}, {"\x55\x04\x05", "serialNumber"},
                {"\x55\x04\x06", "C"},  {"\x55\x04\x07", "L"},
                {"\x55\x04\x08", "ST"}, {"\x55\x04\x0A", "O"},
                {"\x55\x04\x0B", "OU"}, {"\x55\x04\x61", "organizationIdentifier"}};
    for (size_t i = 0; i < COUNT(rows); i++)
        if (der_is(oid, rows[i].oid, 3))
            return rows[i].name;
    return der_is(oid, "\x09\x92\x26\x89\x93\xF2\x2C\x64\x01\x19", 10) ? "DC" : "?";
}

/* As UTF-8 without control characters; T61String is read as Latin-1. */
static void value_text(struct buf *b, const struct attribute *a)
{
    bool utf8 = a->kind == 0x0C && a->value.len && utf8_valid(a->value.p, a->value.len);
    struct chars c = chars_of(a);
    for (int v = unit(&c); v >= 0 && b->len < NAME_TEXT_MAX; v = unit(&c)) {
        if (v < 0x20 || v == 0x7F)
            v = ' ';
        if (v < 0x80 || utf8) {
            buf_chr(b, (char)v);
        } else if (v < 0x800) {
            buf_chr(b, (char)(0xC0 | v >> 6));
            buf_chr(b, (char)(0x80 | (v & 0x3F)));
        } else {
            buf_chr(b, '?');
        }
    }
}

const char *name_text(struct arena *arena, struct bytes name)
{
    BUF_SCOPE(b);
    struct walk w = walk_begin(name);
    struct attribute a;
    while (walk_next(&w, &a) && b.len < NAME_TEXT_MAX) {
        buf_fmt(&b, "%s%s=", b.len ? "," : "", type_name(a.type));
        value_text(&b, &a);
    }
    return b.p ? arena_strn(arena, b.p, utf8_cut(b.p, NAME_TEXT_MAX)) : "";
}

bool name_country(struct bytes name, char out[3])
{
    struct walk w = walk_begin(name);
    struct attribute a;
    while (walk_next(&w, &a)) {
        const uint8_t *p = a.value.p;
        if (!DER_IS(a.type, "\x55\x04\x06") || a.value.len != 2)
            continue;
        for (size_t i = 0; i < 2; i++)
            out[i] = (char)(p[i] >= 'a' && p[i] <= 'z' ? p[i] - 'a' + 'A' : p[i]);
        out[2] = 0;
        return true;
    }
    return false;
}

/* ---- PEM (RFC 7468) --------------------------------------------------------------------------------------
 */

enum rc pem_next(struct arena *a, struct bytes text, size_t *at, const char *label, struct bytes *out,
                 struct err *e)
{
    const char *begin = arena_fmt(a, "-----BEGIN %s-----", label);
    const char *end = arena_fmt(a, "-----END %s-----", label);
    const char *p = text.p;
    const char *from = memmem(p + *at, text.len - *at, begin, strlen(begin));
    if (!from)
        return err_set(e, RC_NOT_FOUND, "no more %s", label);
    from += strlen(begin);
    const char *to = memmem(from, text.len - (size_t)(from - p), end, strlen(end));
    if (!to)
        return err_set(e, RC_PROTOCOL, "PEM: the block has no end");
    char *joined = arena_strn(a, from, (size_t)(to - from));
    size_t n = 0;
    for (const char *c = joined; *c; c++)
        if (*c != '\n' && *c != '\r' && *c != ' ' && *c != '\t')
            joined[n++] = *c;
    joined[n] = 0;
    uint8_t *der;
    size_t len;
    if (base64_decode(a, joined, &der, &len, e) != RC_OK)
        return err_wrap(e, RC_PROTOCOL, "PEM");
    *at = (size_t)(to - p) + strlen(end);
    *out = BYTES(der, len);
    return RC_OK;
}
