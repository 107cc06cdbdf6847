/* Text and simple shapes as one-bit pictures for paper and pad: the home of Pango and Cairo. Nothing grey:
 * glyphs are hinted at their final size and cut at one threshold, so preview, paper and pad show the same
 * dots. */
#ifndef PRIDVOR_RASTER_H
#define PRIDVOR_RASTER_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/err.h"

struct bitmap {
    int w, h;
    size_t stride; /* (w + 7) / 8 */
    uint8_t *bits; /* MSB first, 1 = black; unused bits of a row are 0 */
};
/* White, in the arena. */
struct bitmap *bitmap_new(struct arena *a, int w, int h);
bool bitmap_get(const struct bitmap *b, int x, int y); /* false outside */
void bitmap_rect(struct bitmap *b, int x, int y, int w, int h);
/* Rows y.. onto dst at dx, dy; outside is cut off. */
void bitmap_draw(struct bitmap *dst, const struct bitmap *src, int dx, int dy);

/* Bitmaps on their way between two of our processes. Takes one off the front of p; RC_INTERNAL: not whole. */
void bitmap_put(const struct bitmap *b, struct buf *out);
MUST enum rc bitmap_take(struct arena *a, struct bytes *p, struct bitmap **out, struct err *e);

enum raster_align { RASTER_LEFT, RASTER_CENTER, RASTER_RIGHT }; /* 0, 1, 2 halves of the free room */
struct raster_face {
    double px;       /* em in dots */
    int weight;      /* 400 regular, 500, 600, 700 */
    double tracking; /* extra dots between letters */
    double leading;  /* line distance as a factor of the em; 0: the font's own */
    enum raster_align align;
    bool display; /* the cut for large sizes */
};

/* One text block, wrapped at `width` dots (inside words where a word alone is wider); the picture is as wide
 * as `width` and as high as the lines. A letter no font has is drawn as a box: a receipt is never refused for
 * a name. */
MUST enum rc raster_text(struct arena *a, const char *text, const struct raster_face *f, int width,
                         struct bitmap **out, struct err *e);
/* Width of the text on one line, and the distance from its top to the baseline. */
int raster_measure(const char *text, const struct raster_face *f, int *baseline);
struct raster_box {
    int x, y, w, h;
};
/* A frame with round corners, line in dots, all inside the box. */
void raster_frame(struct bitmap *b, struct raster_box box, int line, int radius);
int raster_missing(const char *text); /* letters no font has */
/* Black on white PNG. */
MUST enum rc raster_png(const struct bitmap *b, struct buf *out, struct err *e);

#endif
