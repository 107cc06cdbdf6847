/* The angle of what is written, and what the edge cuts. */
#include "drivers/scan/quality_impl.h"

#include <math.h>
#include <string.h>

#define POINTS_MAX 24000
#define REACH 12 /* degrees */
#define EDGE 6   /* small pixels (2 mm) left out: shadows */
#define STANDS_OUT 1.25

/* ---- skew ------------------------------------------------------------------------------------------------
 * Lower edges of ink, projected along a trial angle: at the angle of the lines they pile up. The same with
 * right edges for what stands upright (frames, pages that lie sideways). */

struct points {
    int16_t *along, *across; /* the trial angle moves `across` by along * tan */
    int n, span;
    uint32_t *pile; /* span + 2 * room */
    int room;
};

static void collect(const struct small *s, bool upright, struct points *p)
{
    int seen = 0, every;
    for (int pass = 0; pass < 2; pass++) {
        every = pass ? seen / POINTS_MAX + 1 : 1;
        seen = 0;
        for (int y = EDGE; y < s->h - EDGE - 1; y++)
            for (int x = EDGE; x < s->w - EDGE - 1; x++) {
                const uint8_t *at = s->ink + (size_t)y * (size_t)s->w + (size_t)x;
                if (!at[0] || at[upright ? 1 : s->w])
                    continue;
                if (pass && seen % every == 0 && p->n < POINTS_MAX) {
                    p->along[p->n] = (int16_t)(upright ? y : x);
                    p->across[p->n++] = (int16_t)(upright ? x : y);
                }
                seen++;
            }
    }
}

static double score(struct points *p, double degrees, bool upright)
{
    double t = tan(degrees * M_PI / 180) * (upright ? -1 : 1);
    int64_t slope = (int64_t)(t * 65536);
    size_t n = (size_t)(p->span + 2 * p->room);
    memset(p->pile, 0, n * sizeof *p->pile);
    for (int i = 0; i < p->n; i++) {
        int64_t at = p->across[i] - ((p->along[i] * slope) >> 16) + p->room;
        if (at >= 0 && at < (int64_t)n)
            p->pile[at]++;
    }
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)p->pile[i] * p->pile[i];
    return sum;
}

/* Best angle in tenths; *out_standing: its score against the middle of all. */
static int best_angle(struct points *p, bool upright, double *outstanding)
{
    double best = 0, at = 0, all = 0;
    int n = 0;
    for (int half = -2 * REACH; half <= 2 * REACH; half++, n++) {
        double v = score(p, half * 0.5, upright);
        all += v;
        if (v > best) {
            best = v;
            at = half * 0.5;
        }
    }
    double coarse = at;
    for (int tenth = -5; tenth <= 5; tenth++) {
        double v = score(p, coarse + tenth * 0.1, upright);
        if (v > best) {
            best = v;
            at = coarse + tenth * 0.1;
        }
    }
    *outstanding = all > 0 ? best * n / all : 0;
    return (int)lround(at * 10);
}

int quality_skew(const struct small *s, struct arena *scratch)
{
    double outstanding = STANDS_OUT;
    int angle = 0;
    for (int upright = 0; upright < 2; upright++) {
        struct points p = {.along = ARENA_ARRAY(scratch, int16_t, POINTS_MAX),
                           .across = ARENA_ARRAY(scratch, int16_t, POINTS_MAX),
                           .span = upright ? s->w : s->h};
        p.room = (upright ? s->h : s->w) / 4 + 8;
        p.pile = ARENA_ARRAY(scratch, uint32_t, p.span + 2 * p.room);
        collect(s, upright, &p);
        double now = 0;
        int found = p.n >= 100 ? best_angle(&p, upright, &now) : 0;
        if (now > outstanding) {
            outstanding = now;
            angle = found;
        }
    }
    return angle;
}

/* ---- cut off ---------------------------------------------------------------------------------------------
 * Letters that run over the edge, as opposed to the shadow of the lid (along most of the edge), to dust (goes
 * no further) and to ruled lines (go much further). */

#define BAND 2   /* small pixels: the edge itself */
#define INWARD 8 /* where a letter goes on */
#define RULE 28  /* unbroken ink of one centimetre is no letter */
#define ALONG_MAX 60

struct edge {
    const struct small *s;
    int length, depth; /* along the edge; from it inwards */
    size_t first;      /* the first pixel */
    ptrdiff_t along, in;
};

static bool ink_at(const struct edge *e, int along, int in)
{
    return in < e->depth && e->s->ink[(ptrdiff_t)e->first + along * e->along + in * e->in];
}

static bool touches(const struct edge *e, int along)
{
    for (int in = 0; in < BAND; in++)
        if (ink_at(e, along, in))
            return true;
    return false;
}

static bool goes_on(const struct edge *e, int from, int to)
{
    for (int along = from; along < to; along++) {
        int unbroken = 0;
        while (unbroken < RULE && ink_at(e, along, unbroken))
            unbroken++;
        if (unbroken == RULE)
            return false;
    }
    int n = 0;
    for (int along = from; along < to; along++)
        for (int in = BAND; in < INWARD; in++)
            n += ink_at(e, along, in);
    return n >= 2;
}

static int edge_runs(const struct edge *e)
{
    int dark = 0, cut = 0;
    for (int i = 0; i < e->length; i++)
        dark += touches(e, i);
    if (dark * 2 > e->length)
        return 0;
    for (int i = 0; i < e->length;) {
        int from = i;
        while (i < e->length && touches(e, i))
            i++;
        if (i > from && i - from <= ALONG_MAX)
            cut += goes_on(e, from, i);
        i += i == from;
    }
    return cut;
}

int quality_cut(const struct small *s)
{
    const struct edge edges[] = {
        {s, s->w, s->h, 0, 1, s->w},
        {s, s->w, s->h, (size_t)(s->h - 1) * (size_t)s->w, 1, -(ptrdiff_t)s->w},
        {s, s->h, s->w, 0, s->w, 1},
        {s, s->h, s->w, (size_t)s->w - 1, s->w, -1},
    };
    int worst = 0;
    for (size_t i = 0; i < COUNT(edges); i++) {
        int runs = edge_runs(&edges[i]);
        worst = runs > worst ? runs : worst;
    }
    return worst;
}
