/* JPEG pages of the scanner: the head by our own reader (nothing is believed before it was checked), pixels
 * through libjpeg. Limits: 14,400 pixels a side (A3 at 600 dpi is 9,921), grey or three colours, 8 bits. */
#ifndef PRIDVOR_JPEG_H
#define PRIDVOR_JPEG_H

#include "common/base/arena.h"
#include "common/base/err.h"

#define JPEG_SIDE_MAX 14400

struct jpeg_info {
    int width, height, channels; /* 1 or 3 */
    int dpi;                     /* of the JFIF head; 0: not said */
};
/* ITU-T T.81 annex B; RC_BAD_FIELD with the reason for whatever is no picture we take. */
MUST enum rc jpeg_head(struct bytes in, struct jpeg_info *out, struct err *e);
/* A smaller picture: its longer side has at most `side` pixels (never larger than the original). */
MUST enum rc jpeg_thumb(struct arena *a, struct bytes in, int side, struct bytes *out, struct err *e);

/* One bit a pixel, rows padded to bytes, 1 is black. */
struct bilevel {
    int width, height, stride;
    uint8_t *bits;
};
/* For text: black and white at the threshold that parts ink from paper best (Otsu). */
MUST enum rc jpeg_bilevel(struct arena *a, struct bytes in, struct bilevel *out, struct err *e);

#endif
