#include "drivers/card/der.h"

#include "common/base/clock.h"

#include <string.h>

struct der der_in(struct bytes b)
{
    return (struct der){b.p, b.len};
}

static enum rc bad(struct err *e, const char *what)
{
    return err_set(e, RC_PROTOCOL, "DER: %s", what);
}

/* Bytes of tag and length; strict refuses what is not the shortest form. *len SIZE_MAX: indefinite. */
static enum rc head(const uint8_t *p, size_t n, bool strict, size_t *head_len, size_t *len, struct err *e)
{
    if (n < 2)
        return bad(e, "ends in a header");
    if ((p[0] & 0x1F) == 0x1F)
        return bad(e, "a tag of several bytes");
    *head_len = 2;
    *len = p[1];
    if (p[1] < 0x80)
        return RC_OK;
    size_t k = p[1] & 0x7F;
    if (k == 0) {
        *len = SIZE_MAX;
        return strict ? bad(e, "indefinite length") : RC_OK;
    }
    if (k > 8 || n < 2 + k)
        return bad(e, k > 8 ? "a length of more than 8 bytes" : "ends in a length");
    uint64_t v = 0;
    for (size_t i = 0; i < k; i++)
        v = v << 8 | p[2 + i];
    if (strict && (v < 0x80 || p[2] == 0))
        return bad(e, "a length longer than needed");
    if (v > UINT32_MAX)
        return bad(e, "longer than 4 GB");
    *head_len = 2 + k;
    *len = (size_t)v;
    return RC_OK;
}

enum rc der_next(struct der *d, struct der_item *out, struct err *e)
{
    size_t h, len;
    if (d->len == 0)
        return err_set(e, RC_NOT_FOUND, "DER: nothing follows");
    TRY(head(d->p, d->len, true, &h, &len, e));
    if (len > d->len - h)
        return bad(e, "an item is longer than what holds it");
    *out = (struct der_item){d->p[0], {d->p + h, len}, {d->p, h + len}};
    d->p += h + len;
    d->len -= h + len;
    return RC_OK;
}

bool der_at(const struct der *d, uint8_t tag)
{
    return d->len > 0 && d->p[0] == tag;
}

enum rc der_take(struct der *d, uint8_t tag, struct der_item *out, struct err *e)
{
    if (d->len == 0)
        return err_set(e, RC_PROTOCOL, "DER: ends where %02X is due", tag);
    if (d->p[0] != tag)
        return err_set(e, RC_PROTOCOL, "DER: %02X where %02X is due", d->p[0], tag);
    return der_next(d, out, e);
}

enum rc der_maybe(struct der *d, uint8_t tag, struct der_item *out, struct err *e)
{
    *out = (struct der_item){0};
    return der_at(d, tag) ? der_next(d, out, e) : RC_OK;
}

enum rc der_enter(struct der *d, uint8_t tag, struct der *inside, struct err *e)
{
    struct der_item it;
    TRY(der_take(d, tag, &it, e));
    *inside = der_in(it.v);
    return RC_OK;
}

enum rc der_end(const struct der *d, struct err *e)
{
    return d->len == 0 ? RC_OK : bad(e, "bytes behind the end");
}

bool der_is(struct bytes v, const char *content, size_t len)
{
    return v.len == len && memcmp(v.p, content, len) == 0;
}

bool der_same(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

enum rc der_number(const struct der_item *it, struct bytes *out, struct err *e)
{
    const uint8_t *p = it->v.p;
    size_t n = it->v.len;
    if (it->tag != DER_INTEGER || n == 0)
        return bad(e, "not an INTEGER");
    if (p[0] & 0x80)
        return bad(e, "a negative INTEGER");
    if (n > 1 && p[0] == 0 && !(p[1] & 0x80))
        return bad(e, "an INTEGER longer than needed");
    *out = n > 1 && p[0] == 0 ? BYTES(p + 1, n - 1) : it->v;
    return RC_OK;
}

enum rc der_small(const struct der_item *it, int *out, struct err *e)
{
    struct bytes v;
    TRY(der_number(it, &v, e));
    const uint8_t *p = v.p;
    if (v.len > 2)
        return bad(e, "an INTEGER too large for its place");
    *out = v.len == 2 ? p[0] << 8 | p[1] : p[0];
    return RC_OK;
}

enum rc der_bits(const struct der_item *it, struct bytes *out, struct err *e)
{
    if (it->tag != DER_BITS || it->v.len == 0 || *(const uint8_t *)it->v.p != 0)
        return bad(e, "not a BIT STRING of whole bytes");
    *out = BYTES((const uint8_t *)it->v.p + 1, it->v.len - 1);
    return RC_OK;
}

enum rc der_bool(const struct der_item *it, bool *out, struct err *e)
{
    const uint8_t *p = it->v.p;
    if (it->tag != DER_BOOLEAN || it->v.len != 1) /* a state's certificate says 01 for true */
        return bad(e, "not a BOOLEAN");
    *out = p[0] != 0;
    return RC_OK;
}

static int two(const uint8_t *p)
{
    return (p[0] - '0') * 10 + (p[1] - '0');
}

enum rc der_time(const struct der_item *it, int64_t *out, struct err *e)
{
    const uint8_t *p = it->v.p;
    size_t n = it->v.len, year = it->tag == DER_TIME ? 4 : 2;
    if ((it->tag != DER_TIME && it->tag != DER_UTC_TIME) || n != year + 11 || p[n - 1] != 'Z')
        return bad(e, "not a time in UTC");
    for (size_t i = 0; i + 1 < n; i++)
        if (p[i] < '0' || p[i] > '9')
            return bad(e, "not a time in UTC");
    int y = year == 4 ? two(p) * 100 + two(p + 2) : two(p) < 50 ? 2000 + two(p) : 1900 + two(p);
    struct date d = {y, two(p + year), two(p + year + 2)};
    int h = two(p + year + 4), m = two(p + year + 6), s = two(p + year + 8);
    if (!date_valid(d) || h > 23 || m > 59 || s > 59)
        return bad(e, "a time that cannot be");
    *out = ((date_days(d) * 24 + h) * 60 + m) * 60 + s;
    return RC_OK;
}

/* ---- from BER --------------------------------------------------------------------------------------------
 */

#define GROW 64 /* what indefinite headers may cost more as definite ones, per level */

struct writer {
    uint8_t *p;
    size_t len, cap;
};

static enum rc put(struct writer *w, const void *p, size_t n, struct err *e)
{
    if (n > w->cap - w->len)
        return bad(e, "grows when it is written again");
    memcpy(w->p + w->len, p, n);
    w->len += n;
    return RC_OK;
}

/* Sets tag and length in front of what was written since `start`. */
static enum rc close(struct writer *w, uint8_t tag, size_t start, struct err *e)
{
    size_t n = w->len - start, k = 0;
    uint8_t h[8] = {tag};
    if (n < 0x80) {
        h[1] = (uint8_t)n;
    } else {
        while (n >> (8 * k))
            k++;
        h[1] = (uint8_t)(0x80 | k);
        for (size_t i = 0; i < k; i++)
            h[2 + i] = (uint8_t)(n >> (8 * (k - 1 - i)));
    }
    TRY(put(w, h, 2 + k, e)); /* room */
    memmove(w->p + start + 2 + k, w->p + start, n);
    memcpy(w->p + start, h, 2 + k);
    return RC_OK;
}

static enum rc again(struct writer *w, struct der *d, int depth, bool pieces, struct err *e);

/* The children of one constructed item: up to the end of the contents, or to 00 00. */
static enum rc children(struct writer *w, struct der *d, bool open, int depth, bool pieces, struct err *e)
{
    while (d->len > 0 && !(open && d->len >= 2 && d->p[0] == 0 && d->p[1] == 0))
        TRY(again(w, d, depth, pieces, e));
    if (!open)
        return RC_OK;
    if (d->len < 2)
        return bad(e, "an indefinite length has no end");
    d->p += 2;
    d->len -= 2;
    return RC_OK;
}

/* One item. pieces: it is a piece of an octet string, only its content counts. */
static enum rc again(struct writer *w, struct der *d, int depth, bool pieces, struct err *e)
{
    size_t h, len, start = w->len;
    TRY(head(d->p, d->len, false, &h, &len, e));
    uint8_t tag = d->p[0];
    bool open = len == SIZE_MAX, composed = tag & 0x20;
    if (depth >= DER_DEPTH)
        return bad(e, "nested too deep");
    if (open && !composed)
        return bad(e, "an indefinite length of a primitive item");
    if (!open && len > d->len - h)
        return bad(e, "an item is longer than what holds it");
    if (pieces && (tag & ~0x20) != DER_OCTETS)
        return bad(e, "an octet string has pieces of another kind");
    struct der in = {d->p + h, open ? d->len - h : len};
    if (composed) {
        bool octets = tag == (DER_OCTETS | 0x20);
        TRY(children(w, &in, open, depth + 1, octets, e));
        tag = octets ? DER_OCTETS : tag;
    } else {
        TRY(put(w, in.p, in.len, e));
        in.p += in.len;
    }
    if (!pieces)
        TRY(close(w, tag, start, e));
    d->len -= (size_t)(in.p - d->p);
    d->p = in.p;
    return RC_OK;
}

/* Is every header strict already? Looks into what is constructed. */
static bool strict(struct der d, int depth)
{
    while (d.len > 0) {
        struct der_item it;
        if (depth >= DER_DEPTH || der_next(&d, &it, NULL) != RC_OK || it.tag == (DER_OCTETS | 0x20))
            return false;
        if ((it.tag & 0x20) && !strict(der_in(it.v), depth + 1))
            return false;
    }
    return true;
}

enum rc der_normal(struct arena *a, struct bytes in, struct bytes *out, struct err *e)
{
    if (strict(der_in(in), 0)) {
        *out = in;
        return RC_OK;
    }
    /* an indefinite header of 4 bytes becomes a definite one of at most 6 */
    size_t cap = in.len + in.len / 2 + GROW;
    struct writer w = {ARENA_ARRAY(a, uint8_t, cap), 0, cap};
    struct der d = der_in(in);
    while (d.len > 0)
        TRY(again(&w, &d, 0, false, e));
    *out = BYTES(w.p, w.len);
    return RC_OK;
}
