/* From what a scanner sends (1, 8 or 16 bits, grey or colour, one frame or three) to rows of bytes. Pure.
 * Source: SANE standard 1.06, section 3.2 (image data format). */
#ifndef PRIDVOR_SCAN_FRAME_H
#define PRIDVOR_SCAN_FRAME_H

#include "common/base/buf.h"
#include "common/base/err.h"

#define PAGE_PIXELS_MAX 20000 /* a side */
#define PAGE_BYTES_MAX (160u * 1024 * 1024)

/* Rows of bytes, channels 1 (grey, 255 is white) or 3 (red, green, blue). */
struct picture {
    uint8_t *px;
    int w, h, channels, dpi;
};
static inline size_t picture_bytes(const struct picture *p)
{
    return (size_t)p->w * (size_t)p->h * (size_t)p->channels;
}

enum frame_kind { FRAME_GRAY, FRAME_RGB, FRAME_RED, FRAME_GREEN, FRAME_BLUE };

struct frame_format {
    enum frame_kind kind;
    int depth;          /* 1, 8, 16 */
    int pixels, stride; /* of a line; stride may be more than the pixels need */
    int lines;          /* -1: the scanner does not know */
};

/* One page that is being put together. */
struct frames {
    struct frame_format now;
    int w, channels;
    int row;    /* of the current frame, whole rows so far */
    int height; /* rows of the page: of the longest frame */
    unsigned passes;
    struct buf line; /* the beginning of a row */
    struct buf out;  /* w * channels a row */
};

/* A new frame of the page (three-pass scanners send three). RC_PROTOCOL: sizes that cannot be, or that do not
 * fit the frame before. */
MUST enum rc frames_begin(struct frames *f, const struct frame_format *now, struct err *e);
/* Any number of bytes. RC_TOO_BIG: more than a page can have. */
MUST enum rc frames_feed(struct frames *f, const uint8_t *p, size_t len, struct err *e);
/* The page so far (points into f). RC_PROTOCOL when there is not a single row. */
MUST enum rc frames_picture(const struct frames *f, int dpi, struct picture *out, struct err *e);
void frames_free(struct frames *f);

/* Grey from colour (ITU-R BT.601). out: w * h bytes; may be the picture's own bytes. */
void picture_grey(const struct picture *in, uint8_t *out);

#endif
