/* Where the printed zone of a document stands on a scanned page: two or three parallel lines of letters at
 * one pitch, at any small angle, lying or standing. Pure. */
#ifndef PRIDVOR_SCAN_BAND_H
#define PRIDVOR_SCAN_BAND_H

#include "common/base/arena.h"
#include "drivers/scan/frame.h"

#define BAND_LINES 8
#define BAND_GROUPS 6

/* Centres of the first and the last letter, in pixels of the page. */
struct band_line {
    double x0, y0, x1, y1, pitch, height;
    int letters; /* that were seen */
};
struct band {
    struct band_line line[BAND_LINES]; /* from the top of the document */
    int n;
};

/* Groups of lines that may be a zone, the most promising first. upright: the page was turned by a quarter
 * first (clockwise), coordinates are of the turned page. */
int band_find(const struct picture *grey, struct arena *a, struct band *out, int cap);
/* A turned copy of the page. */
void band_turn(const struct picture *in, struct arena *a, struct picture *out);
/* One line made level, its capitals BAND_CAPITAL high, black on white, with a white margin: the first
 * letter's centre is at BAND_MARGIN + BAND_BEFORE * pitch, scaled. over: upside down. */
#define BAND_CAPITAL 40 /* pixels */
#define BAND_MARGIN 24
#define BAND_BEFORE 1.2 /* of the pitch */
void band_strip(const struct picture *grey, const struct band_line *l, bool over, struct arena *a,
                struct picture *out);

#endif
