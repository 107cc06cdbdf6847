#include "drivers/scan/band.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WORK_DPI 150
#define BLOBS_MAX 12000
#define CHAINS_MAX 400

/* In millimetres (ICAO 9303-2: OCR-B size 1, 10 letters to the inch, lines 4 to 7 mm apart), with room for
 * other printers. */
static const double low_mm = 1.0, high_mm = 4.2, narrow_mm = 0.2, wide_mm = 3.2;
static const double pitch_min_mm = 1.9, pitch_max_mm = 3.2, span_min_mm = 55, span_max_mm = 135;
static const double apart_min_mm = 2.8, apart_max_mm = 9.0;

struct work {
    uint8_t *ink; /* 1: dark against what is around */
    int w, h;
    double mm; /* pixels to the millimetre */
    int f;     /* page pixels to one of these */
};
struct blob {
    int16_t x0, y0, x1, y1;
    int16_t next, prev; /* in a line; -1 */
};
struct chain {
    double x0, y0, x1, y1, slope, pitch, height;
    int n;
    bool used;
};

/* ---- ink -------------------------------------------------------------------------------------------------
 * Darker than the middle of the neighbourhood (4 mm) by a fifth: prints on patterned paper stand out, too. */

static void shrink(const struct picture *p, struct work *k, struct arena *a, uint8_t **px)
{
    k->f = p->dpi > WORK_DPI ? (p->dpi + WORK_DPI / 2) / WORK_DPI : 1;
    k->w = p->w / k->f;
    k->h = p->h / k->f;
    k->mm = (double)p->dpi / k->f / 25.4;
    *px = arena_alloc(a, (size_t)k->w * (size_t)k->h + 1);
    for (int y = 0; y < k->h; y++)
        for (int x = 0; x < k->w; x++) {
            unsigned sum = 0;
            for (int i = 0; i < k->f; i++)
                for (int n = 0; n < k->f; n++)
                    sum += p->px[(size_t)(y * k->f + i) * (size_t)p->w + (size_t)(x * k->f + n)];
            (*px)[(size_t)y * (size_t)k->w + (size_t)x] = (uint8_t)(sum / (unsigned)(k->f * k->f));
        }
}

static void find_ink(const struct picture *p, struct work *k, struct arena *a)
{
    uint8_t *px;
    shrink(p, k, a, &px);
    int w = k->w, h = k->h, r = (int)(2.5 * k->mm);
    k->ink = arena_alloc(a, (size_t)w * (size_t)h + 1);
    uint32_t *sum = ARENA_ARRAY(a, uint32_t, (size_t)(w + 1) * (size_t)(h + 1));
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            size_t at = (size_t)(y + 1) * (size_t)(w + 1) + (size_t)(x + 1);
            sum[at] = px[(size_t)y * (size_t)w + (size_t)x] + sum[at - 1] + sum[at - (size_t)(w + 1)] -
                      sum[at - (size_t)(w + 1) - 1];
        }
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            int xa = x - r < 0 ? 0 : x - r, xb = x + r + 1 > w ? w : x + r + 1;
            int ya = y - r < 0 ? 0 : y - r, yb = y + r + 1 > h ? h : y + r + 1;
            uint32_t s = sum[(size_t)yb * (size_t)(w + 1) + (size_t)xb] -
                         sum[(size_t)ya * (size_t)(w + 1) + (size_t)xb] -
                         sum[(size_t)yb * (size_t)(w + 1) + (size_t)xa] +
                         sum[(size_t)ya * (size_t)(w + 1) + (size_t)xa];
            uint32_t mean = s / (uint32_t)((xb - xa) * (yb - ya));
            k->ink[(size_t)y * (size_t)w + (size_t)x] =
                px[(size_t)y * (size_t)w + (size_t)x] * 100u < mean * 80u;
        }
}

/* ---- letters ---------------------------------------------------------------------------------------------
 */

/* Takes one connected piece away and says its box; false: too big for a letter. */
static bool flood(struct work *k, int x, int y, int32_t *stack, struct blob *b)
{
    int n = 0, far = (int)(high_mm * k->mm) + 2;
    bool fits = true;
    *b = (struct blob){(int16_t)x, (int16_t)y, (int16_t)x, (int16_t)y, -1, -1};
    stack[n++] = y * k->w + x;
    k->ink[y * k->w + x] = 0;
    while (n > 0) {
        int at = stack[--n], px = at % k->w, py = at / k->w;
        b->x0 = px < b->x0 ? (int16_t)px : b->x0;
        b->x1 = px > b->x1 ? (int16_t)px : b->x1;
        b->y0 = py < b->y0 ? (int16_t)py : b->y0;
        b->y1 = py > b->y1 ? (int16_t)py : b->y1;
        fits = fits && b->x1 - b->x0 <= far && b->y1 - b->y0 <= far;
        for (int dy = -1; dy <= 1; dy++)
            for (int dx = -1; dx <= 1; dx++) {
                int nx = px + dx, ny = py + dy;
                if (nx < 0 || ny < 0 || nx >= k->w || ny >= k->h || !k->ink[ny * k->w + nx])
                    continue;
                k->ink[ny * k->w + nx] = 0;
                stack[n++] = ny * k->w + nx;
            }
    }
    return fits;
}

static int by_x(const void *a, const void *b)
{
    const struct blob *l = a, *r = b;
    return l->x0 + l->x1 - r->x0 - r->x1;
}

static int find_blobs(struct work *k, struct arena *a, struct blob *out)
{
    int32_t *stack = ARENA_ARRAY(a, int32_t, (size_t)k->w * (size_t)k->h + 1);
    int n = 0;
    for (int y = 0; y < k->h; y++)
        for (int x = 0; x < k->w && n < BLOBS_MAX; x++) {
            struct blob b;
            if (!k->ink[y * k->w + x] || !flood(k, x, y, stack, &b))
                continue;
            double bw = (b.x1 - b.x0 + 1) / k->mm, bh = (b.y1 - b.y0 + 1) / k->mm;
            if (bh >= low_mm && bh <= high_mm && bw >= narrow_mm && bw <= wide_mm)
                out[n++] = b;
        }
    qsort(out, (size_t)n, sizeof *out, by_x);
    return n;
}

/* ---- lines -----------------------------------------------------------------------------------------------
 */

static double mid_x(const struct blob *b)
{
    return (b->x0 + b->x1) / 2.0;
}

static double mid_y(const struct blob *b)
{
    return (b->y0 + b->y1) / 2.0;
}

/* Each letter to the nearest one on its right, about a pitch away and about level; a letter has one left
 * neighbour only, the nearer. */
static void link_blobs(const struct work *k, struct blob *b, int n)
{
    for (int i = 0; i < n; i++) {
        double best = 1e9;
        int at = -1;
        for (int j = i + 1; j < n; j++) {
            double dx = mid_x(&b[j]) - mid_x(&b[i]), dy = fabs(mid_y(&b[j]) - mid_y(&b[i]));
            if (dx > 2.1 * pitch_max_mm * k->mm)
                break;
            if (dx < 0.6 * pitch_min_mm * k->mm || dy > 0.22 * dx + 0.25 * k->mm)
                continue;
            if (dx + 2 * dy < best) {
                best = dx + 2 * dy;
                at = j;
            }
        }
        if (at < 0)
            continue;
        int rival = b[at].prev;
        if (rival >= 0 && mid_x(&b[at]) - mid_x(&b[rival]) <= mid_x(&b[at]) - mid_x(&b[i]))
            continue;
        if (rival >= 0)
            b[rival].next = -1;
        b[at].prev = (int16_t)i;
        b[i].next = (int16_t)at;
    }
}

static int by_value(const void *a, const void *b)
{
    double l = *(const double *)a, r = *(const double *)b;
    return (l > r) - (l < r);
}

/* A straight line through the letters, least squares; pitch and height are the middle ones. */
static bool fit(const struct blob *b, int first, struct chain *c)
{
    enum { MOST = 128 };
    double sx = 0, sy = 0, sxx = 0, sxy = 0, step[MOST], high[MOST];
    int n = 0, last = first;
    for (int i = first; i >= 0 && n < MOST; i = b[i].next, n++) {
        double x = mid_x(&b[i]), y = mid_y(&b[i]);
        sx += x;
        sy += y;
        sxx += x * x;
        sxy += x * y;
        step[n] = b[i].next >= 0 ? mid_x(&b[b[i].next]) - x : 1e9;
        high[n] = b[i].y1 - b[i].y0 + 1;
        last = i;
    }
    if (n < 6)
        return false;
    double det = n * sxx - sx * sx;
    qsort(step, (size_t)n, sizeof *step, by_value);
    qsort(high, (size_t)n, sizeof *high, by_value);
    *c = (struct chain){
        .slope = (n * sxy - sx * sy) / det, .pitch = step[n / 2], .height = high[n * 9 / 10], .n = n};
    c->x0 = mid_x(&b[first]);
    c->x1 = mid_x(&b[last]);
    c->y0 = (sy - c->slope * sx) / n + c->slope * c->x0;
    c->y1 = c->y0 + c->slope * (c->x1 - c->x0);
    return true;
}

/* Pieces of one line, broken where letters touch. */
static bool joins(const struct work *k, const struct chain *l, const struct chain *r)
{
    double gap = r->x0 - l->x1, slope = l->n > r->n ? l->slope : r->slope;
    return gap > 0 && gap < 14 * k->mm && fabs(r->y0 - l->y1 - slope * gap) < 0.9 * k->mm &&
           fabs(l->slope - r->slope) < 0.06;
}

static void join(struct chain *l, const struct chain *r)
{
    l->pitch = l->n > r->n ? l->pitch : r->pitch;
    l->height = l->height > r->height ? l->height : r->height;
    l->x1 = r->x1;
    l->y1 = r->y1;
    l->n += r->n;
    l->slope = (l->y1 - l->y0) / (l->x1 - l->x0);
}

static int find_chains(const struct work *k, const struct blob *b, int blobs, struct chain *c)
{
    int n = 0;
    for (int i = 0; i < blobs && n < CHAINS_MAX; i++)
        if (b[i].prev < 0 && fit(b, i, &c[n]))
            n++;
    for (bool again = true; again;) {
        again = false;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                if (i != j && joins(k, &c[i], &c[j])) {
                    join(&c[i], &c[j]);
                    c[j] = c[--n];
                    again = true;
                }
    }
    int good = 0;
    for (int i = 0; i < n; i++) {
        double span = (c[i].x1 - c[i].x0) / k->mm, pitch = c[i].pitch / k->mm;
        if (span >= span_min_mm && span <= span_max_mm && pitch >= pitch_min_mm && pitch <= pitch_max_mm &&
            c[i].n * 2 > span / pitch)
            c[good++] = c[i];
    }
    return good;
}

/* ---- groups ----------------------------------------------------------------------------------------------
 */

static int by_y(const void *a, const void *b)
{
    const struct chain *l = a, *r = b;
    return (l->y0 > r->y0) - (l->y0 < r->y0);
}

static bool under(const struct work *k, const struct chain *a, const struct chain *b)
{
    double apart = (b->y0 - a->y0 - a->slope * (b->x0 - a->x0)) / k->mm;
    double left = a->x0 > b->x0 ? a->x0 : b->x0, right = a->x1 < b->x1 ? a->x1 : b->x1;
    return apart >= apart_min_mm && apart <= apart_max_mm && fabs(a->slope - b->slope) < 0.03 &&
           right - left > 0.6 * (a->x1 - a->x0);
}

static struct band_line line_of(const struct work *k, const struct chain *c)
{
    return (struct band_line){c->x0 * k->f,    c->y0 * k->f,     c->x1 * k->f, c->y1 * k->f,
                              c->pitch * k->f, c->height * k->f, c->n};
}

int band_find(const struct picture *grey, struct arena *a, struct band *out, int cap)
{
    struct work k;
    if (grey->w < 200 || grey->h < 100 || grey->dpi < 100)
        return 0;
    find_ink(grey, &k, a);
    struct blob *b = ARENA_ARRAY(a, struct blob, BLOBS_MAX);
    struct chain *c = ARENA_ARRAY(a, struct chain, CHAINS_MAX);
    int blobs = find_blobs(&k, a, b), groups = 0;
    link_blobs(&k, b, blobs);
    int n = find_chains(&k, b, blobs, c);
    qsort(c, (size_t)n, sizeof *c, by_y);
    for (int i = 0; i < n && groups < cap; i++) {
        if (c[i].used)
            continue;
        struct band g = {.n = 0};
        int last = i;
        g.line[g.n++] = line_of(&k, &c[i]);
        for (int j = i + 1; j < n && g.n < BAND_LINES; j++)
            if (!c[j].used && under(&k, &c[last], &c[j])) {
                c[j].used = true;
                g.line[g.n++] = line_of(&k, &c[j]);
                last = j;
            }
        for (int j = 0; j < g.n; j++)
            for (int m = 0; m < g.n; m++) /* fillers are low: the line with capitals says how high they are */
                g.line[j].height = g.line[m].height > g.line[j].height ? g.line[m].height : g.line[j].height;
        if (g.n >= 2)
            out[groups++] = g;
    }
    return groups;
}

void band_turn(const struct picture *in, struct arena *a, struct picture *out)
{
    *out = (struct picture){arena_alloc(a, (size_t)in->w * (size_t)in->h + 1), in->h, in->w, 1, in->dpi};
    for (int y = 0; y < in->h; y++)
        for (int x = 0; x < in->w; x++)
            out->px[(size_t)x * (size_t)out->w + (size_t)(in->h - 1 - y)] =
                in->px[(size_t)y * (size_t)in->w + (size_t)x];
}

/* ---- one line --------------------------------------------------------------------------------------------
 */

static int pixel(const struct picture *p, double x, double y)
{
    int xi = (int)floor(x), yi = (int)floor(y);
    if (xi < 0 || yi < 0 || xi >= p->w - 1 || yi >= p->h - 1)
        return 255;
    double fx = x - xi, fy = y - yi;
    const uint8_t *q = p->px + (size_t)yi * (size_t)p->w + (size_t)xi;
    return (int)((q[0] * (1 - fx) + q[1] * fx) * (1 - fy) + (q[p->w] * (1 - fx) + q[p->w + 1] * fx) * fy +
                 0.5);
}

/* Paper to white, ink to black. */
static void stretch(struct picture *p)
{
    uint32_t hist[256] = {0};
    size_t n = (size_t)p->w * (size_t)p->h;
    for (size_t i = 0; i < n; i++)
        hist[p->px[i]]++;
    int lo = 0, hi = 255;
    for (size_t seen = 0; lo < 255 && (seen += hist[lo]) < n / 25; lo++)
        ;
    for (size_t seen = 0; hi > 0 && (seen += hist[hi]) < n * 6 / 10; hi--)
        ;
    if (hi - lo < 20)
        return;
    for (size_t i = 0; i < n; i++) {
        int v = (p->px[i] - lo) * 255 / (hi - lo);
        p->px[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
}

void band_strip(const struct picture *grey, const struct band_line *l, bool over, struct arena *a,
                struct picture *out)
{
    double dx = l->x1 - l->x0, dy = l->y1 - l->y0, len = sqrt(dx * dx + dy * dy),
           scale = BAND_CAPITAL / l->height;
    double ux = dx / len, uy = dy / len, before = BAND_BEFORE * l->pitch;
    int w = (int)((len + 2 * before) * scale), h = 2 * BAND_CAPITAL;
    w = w < 1 ? 1 : w > 8000 ? 8000 : w;
    *out = (struct picture){arena_alloc(a, (size_t)(w + 2 * BAND_MARGIN) * (size_t)(h + 2 * BAND_MARGIN)), w,
                            h, 1, (int)(grey->dpi * scale)};
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            double s = x / scale - before, t = (y - h / 2.0) / scale;
            out->px[(size_t)(over ? h - 1 - y : y) * (size_t)w + (size_t)(over ? w - 1 - x : x)] =
                (uint8_t)pixel(grey, l->x0 + s * ux - t * uy, l->y0 + s * uy + t * ux);
        }
    stretch(out);
    for (int y = h - 1; y >= 0; y--) /* the margin: rows move to their place from the last on */
        memmove(out->px + (size_t)(y + BAND_MARGIN) * (size_t)(w + 2 * BAND_MARGIN) + BAND_MARGIN,
                out->px + (size_t)y * (size_t)w, (size_t)w);
    out->w = w + 2 * BAND_MARGIN;
    out->h = h + 2 * BAND_MARGIN;
    for (int y = 0; y < out->h; y++)
        for (int x = 0; x < out->w; x++)
            if (y < BAND_MARGIN || y >= h + BAND_MARGIN || x < BAND_MARGIN || x >= w + BAND_MARGIN)
                out->px[(size_t)y * (size_t)out->w + (size_t)x] = 255;
}
