#include "drivers/scan/letters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DARK 128     /* on a strip, which is stretched from black to white */
#define CORE 0.30    /* of the pitch: ink that begins here belongs to the letter */
#define REACH 0.62   /* ... and may reach so far */
#define SIZE_COST 10 /* of a percent of width or height, in steps of ink */
#define CAPITAL 40   /* pixels: what band_strip() makes of a capital */

static bool stands(char kind, char c)
{
    bool figure = c >= '0' && c <= '9';
    switch (kind) {
    case 'a':
        return !figure;
    case 'd':
        return figure || c == '<';
    case 's':
        return c == 'M' || c == 'F' || c == 'X' || c == '<';
    default:
        return true;
    }
}

static int nibble(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

static int distance(const struct letter *l, const struct letter_sample *s)
{
    int sum = SIZE_COST * (abs(l->w - s->w) + abs(l->h - s->h));
    for (int i = 0; i < GRID_W * GRID_H; i++)
        sum += abs(l->grid[i] - nibble(s->grid[i]));
    return sum;
}

struct letter_guess letter_read(const struct letter *l, char kind)
{
    struct letter_guess g = {'<', '<', 9999, 0};
    int second = 9999;
    if (!l->ink)
        return g;
    for (size_t i = 0; i < COUNT(letter_samples); i++) {
        if (!stands(kind, letter_samples[i].c))
            continue;
        int d = distance(l, &letter_samples[i]);
        if (d < g.far) {
            second = g.far;
            g.second = g.c;
            g.far = d;
            g.c = letter_samples[i].c;
        } else if (d < second) {
            second = d;
            g.second = letter_samples[i].c;
        }
    }
    g.margin = second - g.far;
    return g;
}

/* ---- cutting ---------------------------------------------------------------------------------------------
 */

struct box {
    int x0, y0, x1, y1; /* both inside */
};

/* Ink connected with the core of the cell, within its reach. mine: 1 for such pixels of the strip. */
static bool grow(const struct picture *p, double centre, double pitch, uint8_t *mine, int32_t *stack,
                 struct box *b)
{
    int n = 0, left = (int)(centre - REACH * pitch), right = (int)(centre + REACH * pitch);
    int core0 = (int)(centre - CORE * pitch), core1 = (int)(centre + CORE * pitch);
    left = left < 0 ? 0 : left;
    right = right >= p->w ? p->w - 1 : right;
    *b = (struct box){p->w, p->h, -1, -1};
    for (int y = CAPITAL / 4; y < p->h - CAPITAL / 4; y++)
        for (int x = core0 < left ? left : core0; x <= core1 && x <= right; x++)
            if (p->px[y * p->w + x] < DARK && !mine[y * p->w + x]) {
                mine[y * p->w + x] = 1;
                stack[n++] = y * p->w + x;
            }
    while (n > 0) {
        int at = stack[--n], x = at % p->w, y = at / p->w;
        b->x0 = x < b->x0 ? x : b->x0;
        b->x1 = x > b->x1 ? x : b->x1;
        b->y0 = y < b->y0 ? y : b->y0;
        b->y1 = y > b->y1 ? y : b->y1;
        for (int dy = -1; dy <= 1; dy++)
            for (int dx = -1; dx <= 1; dx++) {
                int nx = x + dx, ny = y + dy, to = ny * p->w + nx;
                if (nx < left || nx > right || ny < 0 || ny >= p->h || mine[to] || p->px[to] >= DARK)
                    continue;
                mine[to] = 1;
                stack[n++] = to;
            }
    }
    return b->x1 >= b->x0 && (b->x1 - b->x0 + 1) * (b->y1 - b->y0 + 1) > 30;
}

/* Mean darkness of each part of the box. */
static void to_grid(const struct picture *p, const struct box *b, struct letter *l)
{
    double sx = (b->x1 - b->x0 + 1) / (double)GRID_W, sy = (b->y1 - b->y0 + 1) / (double)GRID_H;
    for (int gy = 0; gy < GRID_H; gy++)
        for (int gx = 0; gx < GRID_W; gx++) {
            double sum = 0;
            enum { PARTS = 4 };
            for (int i = 0; i < PARTS; i++)
                for (int k = 0; k < PARTS; k++) {
                    int x = b->x0 + (int)((gx + (k + 0.5) / PARTS) * sx),
                        y = b->y0 + (int)((gy + (i + 0.5) / PARTS) * sy);
                    sum += 255 - p->px[y * p->w + x];
                }
            l->grid[gy * GRID_W + gx] = (uint8_t)(sum / (PARTS * PARTS) * 15 / 255 + 0.5);
        }
}

void letters_cut(const struct picture *strip, const struct letter_row *row, struct arena *a,
                 struct letter *out)
{
    double pitch = (row->last - row->first) / (row->n - 1);
    uint8_t *mine = arena_alloc(a, (size_t)strip->w * (size_t)strip->h);
    int32_t *stack = ARENA_ARRAY(a, int32_t, (size_t)strip->w * (size_t)strip->h);
    for (int i = 0; i < row->n; i++) {
        struct box b;
        out[i] = (struct letter){.ink = grow(strip, row->first + pitch * i, pitch, mine, stack, &b)};
        if (!out[i].ink)
            continue;
        out[i].w = (b.x1 - b.x0 + 1) * 100 / CAPITAL;
        out[i].h = (b.y1 - b.y0 + 1) * 100 / CAPITAL;
        to_grid(strip, &b, &out[i]);
    }
}
