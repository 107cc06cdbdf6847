/* Is this page worth keeping? Bytes -> verdict. Pure; at most 300 ms for A4 grey at 300 dpi.
 *
 * Measured on a quarter-size copy: paper and ink levels, where ink stands, the angle of the lines, what
 * touches the edge. Only the sharpness of edges is looked at in full size, in samples. */
#ifndef PRIDVOR_SCAN_QUALITY_H
#define PRIDVOR_SCAN_QUALITY_H

#include "common/base/arena.h"
#include "drivers/scan/frame.h"

enum quality_hint {
    HINT_BLANK = 1,
    HINT_BLUR = 2,
    HINT_SKEW = 4,
    HINT_CUT_OFF = 8,
    HINT_DARK = 16,
    HINT_LIGHT = 32,
};
#define QUALITY_HINTS 6

struct quality {
    unsigned hints;     /* 0: good */
    int skew_tenths;    /* of a degree, clockwise; 0 when it cannot be told */
    int paper, ink;     /* grey levels */
    int ink_tiles;      /* of 5.4 mm, with something on them */
    int sharp_permille; /* of the steepest edges; 0: no edges to judge by */
    int cut_runs;       /* pieces of content that touch an edge */
    bool text;          /* bilevel: letters and lines only, no shades */
};

/* grey: one channel. A picture too small to judge (under 64 pixels a side) is good. The arena is for scratch
 * memory. */
void quality_check(const struct picture *grey, struct arena *scratch, struct quality *out);
/* "blank", "blur", "skew", "cut_off", "dark", "light"; i < QUALITY_HINTS, bit 1 << i. */
const char *quality_word(unsigned i);

#endif
