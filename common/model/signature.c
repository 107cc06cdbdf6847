#include "common/model/signature.h"

#include <math.h>
#include <string.h>

#include "common/base/text.h"

#define LABEL "pridvor.signature.bind.1"
#define UNIT 95.0  /* the widest line is this part of the pad's height */
#define MARGIN 3.0 /* widths around the ink */

static void be32(struct buf *out, int64_t v)
{
    const uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    buf_add(out, b, sizeof(b));
}

void signature_head(struct buf *out, int64_t width, int64_t height, int64_t max_pressure, size_t strokes)
{
    buf_add(out, "PVS1", 4);
    be32(out, width);
    be32(out, height);
    be32(out, max_pressure);
    be32(out, (int64_t)strokes);
}

void signature_stroke(struct buf *out, size_t samples)
{
    be32(out, (int64_t)samples);
}

void signature_sample(struct buf *out, int64_t x, int64_t y, int64_t pressure, int64_t t)
{
    be32(out, x);
    be32(out, y);
    be32(out, pressure);
    be32(out, t);
}

static bool sample(const struct jval *v)
{
    if (v->kind != JV_ARR || v->n != 4)
        return false;
    for (size_t i = 0; i < 4; i++)
        if (v->items[i].kind != JV_INT || v->items[i].i < 0 || v->items[i].i > UINT32_MAX)
            return false;
    return true;
}

static enum rc check(const struct ink *s, struct err *e)
{
    static const char *const path = "signature.strokes";
    if (!s->strokes || s->strokes->kind != JV_ARR)
        return err_at(e, RC_BAD_FIELD, path, "missing or empty");
    for (size_t i = 0; i < s->strokes->n; i++) {
        const struct jval *one = &s->strokes->items[i];
        for (size_t k = 0; one->kind == JV_ARR && k < one->n; k++)
            if (!sample(&one->items[k]))
                return err_at(e, RC_BAD_FIELD, path, "a sample is not four numbers");
        if (one->kind != JV_ARR)
            return err_at(e, RC_BAD_FIELD, path, "a stroke is not a list");
    }
    return RC_OK;
}

enum rc signature_bytes(const struct ink *s, struct buf *out, struct err *e)
{
    TRY(check(s, e));
    signature_head(out, s->width, s->height, s->max_pressure, s->strokes->n);
    for (size_t i = 0; i < s->strokes->n; i++) {
        const struct jval *one = &s->strokes->items[i];
        signature_stroke(out, one->n);
        for (size_t k = 0; k < one->n; k++) {
            const struct jval *v = one->items[k].items;
            signature_sample(out, v[0].i, v[1].i, v[2].i, v[3].i);
        }
    }
    return RC_OK;
}

static bool hash_of(uint8_t out[SHA256_LEN], const char *hex)
{
    size_t n = 0;
    return strlen(hex) == 2 * SHA256_LEN && strspn(hex, "0123456789abcdef") == 2 * SHA256_LEN &&
           hex_decode(out, SHA256_LEN, &n, hex) && n == SHA256_LEN;
}

enum rc signature_bind(char out[SIGNATURE_HEX], const char *shown, struct bytes strokes, const char *request,
                       struct err *e)
{
    uint8_t all[sizeof(LABEL) + 1 + 3 * SHA256_LEN] = LABEL, *p = all + sizeof(LABEL), hash[SHA256_LEN];
    if (shown && *shown) {
        *p++ = 1;
        if (!hash_of(p, shown))
            return err_at(e, RC_BAD_FIELD, "signature.shown_sha256", "not a hash");
        p += SHA256_LEN;
    } else {
        *p++ = 0;
    }
    sha256(p, strokes.p, strokes.len);
    p += SHA256_LEN;
    if (!request || !hash_of(p, request))
        return err_at(e, RC_BAD_FIELD, "signature.sha256", "not a hash");
    p += SHA256_LEN;
    sha256(hash, all, (size_t)(p - all));
    hex_encode(out, hash, sizeof(hash));
    return RC_OK;
}

/* ---- its picture ---- */

static double unit(const struct ink *s)
{
    return (double)(s->height > 0 ? s->height : 1) / UNIT;
}

struct spot {
    double x, y, w;
};

static struct spot spot_of(const struct ink *s, const struct jval *stroke, size_t i)
{
    const struct jval *v = stroke->items[i].items;
    double p = s->max_pressure > 1 ? (double)v[2].i / (double)s->max_pressure : 0.5;
    p = p < 0 ? 0 : p > 1 ? 1 : p;
    return (struct spot){(double)v[0].i, (double)v[1].i, unit(s) * (0.15 + 0.85 * p)};
}

/* A quarter of the neighbours: one jumpy sample makes no knot in the line. */
static struct spot smooth(const struct ink *s, const struct jval *stroke, size_t i)
{
    struct spot at = spot_of(s, stroke, i);
    struct spot before = spot_of(s, stroke, i ? i - 1 : 0);
    struct spot after = spot_of(s, stroke, i + 1 < stroke->n ? i + 1 : i);
    bool end = i == 0 || i + 1 == stroke->n;
    at.w = (before.w + 2 * at.w + after.w) / 4;
    if (!end) {
        at.x = (before.x + 2 * at.x + after.x) / 4;
        at.y = (before.y + 2 * at.y + after.y) / 4;
    }
    return at;
}

static struct ink_piece between(const struct ink *s, const struct jval *stroke, size_t i)
{
    size_t last = stroke->n - 1;
    struct spot a = smooth(s, stroke, i ? i - 1 : 0), b = smooth(s, stroke, i);
    struct spot c = smooth(s, stroke, i < last ? i + 1 : last);
    struct spot d = smooth(s, stroke, i + 2 <= last ? i + 2 : last);
    return (struct ink_piece){.x = {b.x, b.x + (c.x - a.x) / 6, c.x - (d.x - b.x) / 6, c.x},
                              .y = {b.y, b.y + (c.y - a.y) / 6, c.y - (d.y - b.y) / 6, c.y},
                              .width = (b.w + c.w) / 2,
                              .first = i == 0};
}

enum rc ink_pieces(const struct ink *s, void (*piece)(void *user, const struct ink_piece *p), void *user,
                   struct err *e)
{
    TRY(check(s, e));
    for (size_t i = 0; i < s->strokes->n; i++) {
        const struct jval *stroke = &s->strokes->items[i];
        for (size_t k = 0; k < stroke->n && (k == 0 || k + 1 < stroke->n); k++) {
            const struct ink_piece p = between(s, stroke, k);
            piece(user, &p);
        }
    }
    return RC_OK;
}

enum rc ink_bounds(const struct ink *s, struct ink_box *out, struct err *e)
{
    double x0 = 1e18, y0 = 1e18, x1 = -1, y1 = -1, margin = MARGIN * unit(s);
    TRY(check(s, e));
    for (size_t i = 0; i < s->strokes->n; i++)
        for (size_t k = 0; k < s->strokes->items[i].n; k++) {
            struct spot at = spot_of(s, &s->strokes->items[i], k);
            x0 = fmin(x0, at.x);
            x1 = fmax(x1, at.x);
            y0 = fmin(y0, at.y);
            y1 = fmax(y1, at.y);
        }
    if (x1 < 0)
        return err_at(e, RC_BAD_FIELD, "signature.strokes", "missing or empty");
    *out = (struct ink_box){x0 - margin, y0 - margin, x1 - x0 + 2 * margin, y1 - y0 + 2 * margin};
    return RC_OK;
}

struct svg {
    struct buf *out;
    double grain, width; /* of the open path */
    bool open;
};

/* Tenths are fine enough for units of a hundredth of a millimetre; integer text, so no locale speaks. */
static void coordinate(struct buf *out, double v)
{
    long long t = llround(v * 10);
    buf_fmt(out, "%s%lld", t < 0 ? "-" : "", (t < 0 ? -t : t) / 10);
    if (t % 10)
        buf_fmt(out, ".%lld", (t < 0 ? -t : t) % 10);
}

static void pair(struct buf *out, char before, double x, double y)
{
    if (before)
        buf_chr(out, before);
    coordinate(out, x);
    buf_chr(out, ' ');
    coordinate(out, y);
}

static void svg_piece(void *user, const struct ink_piece *p)
{
    struct svg *g = user;
    double width = fmax(1, round(p->width / g->grain)) * g->grain;
    if (!g->open || p->first || fabs(width - g->width) > g->grain / 2) {
        buf_str(g->out, g->open ? "\"/>\n<path stroke-width=\"" : "<path stroke-width=\"");
        coordinate(g->out, width);
        buf_str(g->out, "\" d=\"");
        pair(g->out, 'M', p->x[0], p->y[0]);
    }
    g->open = true;
    g->width = width;
    pair(g->out, 'C', p->x[1], p->y[1]);
    pair(g->out, ' ', p->x[2], p->y[2]);
    pair(g->out, ' ', p->x[3], p->y[3]);
}

enum rc signature_svg(const struct ink *s, struct buf *out, struct err *e)
{
    struct ink_box box;
    struct svg g = {.out = out, .grain = unit(s) / 16};
    TRY(ink_bounds(s, &box, e));
    buf_str(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"");
    pair(out, 0, box.x, box.y);
    buf_chr(out, ' ');
    pair(out, 0, box.w, box.h);
    buf_str(out, "\">\n<g fill=\"none\" stroke=\"#14213d\" stroke-linecap=\"round\" "
                 "stroke-linejoin=\"round\">\n");
    TRY(ink_pieces(s, svg_piece, &g, e));
    buf_str(out, g.open ? "\"/>\n</g>\n</svg>\n" : "</g>\n</svg>\n");
    return RC_OK;
}
