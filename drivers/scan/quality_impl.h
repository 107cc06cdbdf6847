/* Inside of quality*.c. */
#ifndef PRIDVOR_SCAN_QUALITY_IMPL_H
#define PRIDVOR_SCAN_QUALITY_IMPL_H

#include "drivers/scan/quality.h"

/* The page at about 75 dpi; ink: 1 where something stands. */
struct small {
    uint8_t *px, *ink;
    int w, h, f; /* f: full-size pixels to one of these */
};

int quality_percentile(const uint32_t hist[256], int percent);
/* Tenths of a degree, clockwise, -120..120; 0 when no direction stands out. */
int quality_skew(const struct small *s, struct arena *scratch);
/* Pieces of content that run over one edge, at the worst edge. */
int quality_cut(const struct small *s);

#endif
