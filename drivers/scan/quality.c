#include "drivers/scan/quality.h"

#include "drivers/scan/quality_impl.h"

#include <stdlib.h>
#include <string.h>

#define SMALL_DPI 75      /* of the small copy */
#define BLOCK 32          /* small pixels: 11 mm, for the paper's local level */
#define TILE 16           /* small pixels: 5.4 mm */
#define TILE_INK 6        /* small pixels that make a tile count; dust makes fewer */
#define BLANK_TILES 5     /* a line of 27 mm */
#define MARGIN 9          /* small pixels (3 mm) where shadows of the lid are */
#define DARK_PAPER 140    /* grey level */
#define LIGHT_CONTRAST 70 /* between paper and ink */
#define SHARP_MIN 300     /* permille of the contrast within two pixels */
#define SKEW_MIN 25       /* tenths of a degree */
#define CUT_RUNS 4
#define FLAT_MAX 6 /* permille of shaded area on a page of two levels */

const char *quality_word(unsigned i)
{
    static const char *const words[QUALITY_HINTS] = {"blank", "blur", "skew", "cut_off", "dark", "light"};
    return i < QUALITY_HINTS ? words[i] : "";
}

/* ---- the small copy --------------------------------------------------------------------------------------
 */

static void shrink(const struct picture *p, struct arena *a, struct small *s)
{
    int f = (p->dpi + SMALL_DPI / 2) / SMALL_DPI;
    s->f = f < 1 ? 1 : f > 16 ? 16 : f;
    s->w = p->w / s->f;
    s->h = p->h / s->f;
    s->px = arena_alloc(a, (size_t)s->w * (size_t)s->h + 1);
    s->ink = arena_alloc(a, (size_t)s->w * (size_t)s->h + 1);
    uint32_t *sum = ARENA_ARRAY(a, uint32_t, s->w + 1), area = (uint32_t)(s->f * s->f);
    for (int y = 0; y < s->h; y++) {
        memset(sum, 0, sizeof *sum * (size_t)s->w);
        for (int k = 0; k < s->f; k++) {
            const uint8_t *row = p->px + (size_t)(y * s->f + k) * (size_t)p->w;
            for (int x = 0; x < s->w; x++, row += s->f)
                for (int i = 0; i < s->f; i++)
                    sum[x] += row[i];
        }
        for (int x = 0; x < s->w; x++)
            s->px[(size_t)y * (size_t)s->w + (size_t)x] = (uint8_t)(sum[x] / area);
    }
}

int quality_percentile(const uint32_t hist[256], int percent)
{
    uint64_t all = 0, seen = 0;
    for (int i = 0; i < 256; i++)
        all += hist[i];
    for (int i = 0; i < 256; i++) {
        seen += hist[i];
        if (seen * 100 > all * (uint64_t)percent)
            return i;
    }
    return 255;
}

static void block_hist(const struct small *s, int x0, int y0, int side, uint32_t hist[256])
{
    memset(hist, 0, 256 * sizeof *hist);
    for (int y = y0; y < y0 + side && y < s->h; y++)
        for (int x = x0; x < x0 + side && x < s->w; x++)
            hist[s->px[(size_t)y * (size_t)s->w + (size_t)x]]++;
}

/* Ink is what is clearly darker than the paper around it; paper may be shaded, but not below three quarters
 * of the page's own level (that is a photograph, or a bar). */
static void find_ink(struct small *s, struct quality *q)
{
    uint32_t hist[256];
    memset(hist, 0, sizeof hist);
    for (size_t i = 0, n = (size_t)s->w * (size_t)s->h; i < n; i++)
        hist[s->px[i]]++;
    q->paper = quality_percentile(hist, 80);
    int drop = q->paper / 8 < 16 ? 16 : q->paper / 8;
    for (int by = 0; by < s->h; by += BLOCK)
        for (int bx = 0; bx < s->w; bx += BLOCK) {
            block_hist(s, bx, by, BLOCK, hist);
            int local = quality_percentile(hist, 85);
            local = local < q->paper * 3 / 4 ? q->paper : local;
            for (int y = by; y < by + BLOCK && y < s->h; y++)
                for (int x = bx; x < bx + BLOCK && x < s->w; x++) {
                    size_t at = (size_t)y * (size_t)s->w + (size_t)x;
                    s->ink[at] = s->px[at] + drop < local;
                }
        }
}

/* ---- what stands where -----------------------------------------------------------------------------------
 */

static int tile_ink(const struct small *s, int x0, int y0)
{
    int n = 0;
    for (int y = y0; y < y0 + TILE; y++)
        for (int x = x0; x < x0 + TILE; x++)
            n += s->ink[(size_t)y * (size_t)s->w + (size_t)x];
    return n;
}

struct tiles {
    uint32_t level[256];               /* full-size pixels of tiles with ink */
    uint32_t across[1001], down[1001]; /* sharpness, permille */
    unsigned n, judged_across, judged_down;
};

/* The steepest edge of a tile, over two pixels, against the contrast there is in that direction: a ruled line
 * has an edge in one direction and nothing in the other. */
static void note(uint32_t *counts, unsigned *judged, int edge, int contrast)
{
    if (contrast < 48)
        return;
    int permille = edge * 1000 / contrast;
    counts[permille < 1000 ? permille : 1000]++;
    ++*judged;
}

static void tile_sharpness(const struct picture *p, int x0, int y0, int side, struct tiles *t)
{
    enum { SIDE_MAX = TILE * 16 };
    uint8_t lo[SIDE_MAX], hi[SIDE_MAX] = {0};
    int across = 0, down = 0, in_row = 0, in_column = 0;
    memset(lo, 255, sizeof lo);
    for (int y = y0 + 1; y < y0 + side - 1 && y < p->h - 1; y++) {
        const uint8_t *row = p->px + (size_t)y * (size_t)p->w, *up = row - p->w, *under = row + p->w;
        int row_lo = 255, row_hi = 0;
        for (int x = x0 + 1; x < x0 + side - 1 && x < p->w - 1; x++) {
            int v = row[x], a = abs(row[x + 1] - row[x - 1]), d = abs(under[x] - up[x]), i = x - x0;
            row_lo = v < row_lo ? v : row_lo;
            row_hi = v > row_hi ? v : row_hi;
            lo[i] = v < lo[i] ? (uint8_t)v : lo[i];
            hi[i] = v > hi[i] ? (uint8_t)v : hi[i];
            across = a > across ? a : across;
            down = d > down ? d : down;
        }
        in_row = row_hi - row_lo > in_row ? row_hi - row_lo : in_row;
        if (y % 4 == 0)
            for (int x = x0; x < x0 + side && x < p->w; x += 2)
                t->level[row[x]]++;
    }
    for (int i = 0; i < side; i++)
        in_column = hi[i] - lo[i] > in_column ? hi[i] - lo[i] : in_column;
    note(t->across, &t->judged_across, across, in_row);
    note(t->down, &t->judged_down, down, in_column);
}

static int of_counts(const uint32_t *counts, unsigned n, int percent)
{
    unsigned seen = 0;
    for (int i = 0; i <= 1000; i++) {
        seen += counts[i];
        if (seen * 100 > n * (unsigned)percent)
            return i;
    }
    return 1000;
}

/* The better tiles speak for each direction, and the worse direction for the page: one that moved is soft in
 * one direction. */
static void look_at_tiles(const struct picture *p, const struct small *s, struct quality *q, struct tiles *t)
{
    for (int y = MARGIN; y + TILE <= s->h - MARGIN; y += TILE)
        for (int x = MARGIN; x + TILE <= s->w - MARGIN; x += TILE) {
            if (tile_ink(s, x, y) < TILE_INK)
                continue;
            t->n++;
            tile_sharpness(p, x * s->f, y * s->f, TILE * s->f, t);
        }
    q->ink_tiles = (int)t->n;
    q->ink = t->n ? quality_percentile(t->level, 2) : q->paper;
    int across = t->judged_across < 3 ? 1001 : of_counts(t->across, t->judged_across, 70);
    int down = t->judged_down < 3 ? 1001 : of_counts(t->down, t->judged_down, 70);
    q->sharp_permille = across < down ? across : down;
    q->sharp_permille = q->sharp_permille > 1000 ? 0 : q->sharp_permille;
}

/* Letters have edges; photographs, stamps and shaded fields have areas between ink and paper without one. */
static bool two_levels(const struct picture *p, const struct quality *q)
{
    int lo = q->ink + (q->paper - q->ink) / 4, hi = q->paper - (q->paper - q->ink) / 5;
    int step = (q->paper - q->ink) / 10 + 4;
    uint64_t flat = 0, all = 0;
    for (int y = 2; y < p->h - 2; y += 5) {
        const uint8_t *row = p->px + (size_t)y * (size_t)p->w, *under = row + 2 * p->w;
        for (int x = 2; x < p->w - 2; x += 2) {
            int v = row[x];
            flat += v > lo && v < hi && abs(row[x + 2] - row[x - 2]) < step && abs(under[x] - v) < step;
        }
        all += (uint64_t)(p->w - 4 + 1) / 2;
    }
    return all > 0 && flat * 1000 < all * FLAT_MAX;
}

void quality_check(const struct picture *grey, struct arena *scratch, struct quality *out)
{
    struct small s = {0};
    struct quality q = {.paper = 255, .ink = 0};
    if (grey->w < 64 || grey->h < 64 || grey->dpi < 50) {
        *out = q;
        return;
    }
    struct tiles *t = ARENA_NEW(scratch, struct tiles);
    shrink(grey, scratch, &s);
    find_ink(&s, &q);
    look_at_tiles(grey, &s, &q, t);
    bool blank = q.ink_tiles < BLANK_TILES;
    if (!blank) {
        q.skew_tenths = quality_skew(&s, scratch);
        q.cut_runs = quality_cut(&s);
    }
    q.text = !blank && q.paper - q.ink >= LIGHT_CONTRAST && two_levels(grey, &q);
    q.hints = (blank ? HINT_BLANK : 0u) | (q.paper < DARK_PAPER ? HINT_DARK : 0u);
    if (!blank) {
        q.hints |= abs(q.skew_tenths) >= SKEW_MIN ? HINT_SKEW : 0u;
        q.hints |= q.cut_runs >= CUT_RUNS ? HINT_CUT_OFF : 0u;
        q.hints |= q.sharp_permille > 0 && q.sharp_permille < SHARP_MIN ? HINT_BLUR : 0u;
        q.hints |= q.paper >= DARK_PAPER && q.paper - q.ink < LIGHT_CONTRAST ? HINT_LIGHT : 0u;
    }
    *out = q;
}
