/* The signature pad model: a Wacom STU-530 as far as it is known (USB 056a:00a5, HID, unencrypted).
 *
 * Feature reports by GET_REPORT / SET_REPORT; lengths count the report id. What stands here where the public
 * facts are silent: 08 = name (9), 0, firmware (2), secure (1), version (4). 09 = maxX, maxY, maxPressure,
 * width, height (BE 16), rate (8), resolution (BE 16), encodings (8), 2 reserved. 03 = status, last error, 2
 * reserved. 24 = left, top, right, bottom (LE 16, inclusive), 2 reserved. 16-bit pixels are RGB 565, low byte
 * first. A block on the OUT endpoint has the form of report 26: id, length LE, data. Pen samples leave only
 * while capturing. */
#ifndef PRIDVOR_TESTS_PAD_H
#define PRIDVOR_TESTS_PAD_H

#include <cairo.h>

#include "tests/devices/model.h"

enum {
    PAD_X = 10800,
    PAD_Y = 6480,
    PAD_P = 1023,
    PAD_W = 800,
    PAD_H = 480,
    PAD_RATE = 200,
    PAD_EP_IN = 0x81,
    PAD_EP_OUT = 0x02,
    PAD_FIFO = 32,        /* reports the pad keeps for a host that does not fetch ... */
    PAD_FIFO_US = 160000, /* ... and for how long it is full before one is lost */
};

enum { PAD_READY, PAD_IMAGE, PAD_CAPTURE, PAD_CALC };                  /* status */
enum { PAD_OK, PAD_WRONG_REPORT, PAD_WRONG_STATE, PAD_GRAPHICS = 10 }; /* last error */

struct pad_sample {
    int x, y, p;
    bool near; /* pen seen at all */
};

struct pad {
    struct vdev *v;
    const char *dir;
    uint8_t status, error;
    bool busy; /* fault: says "calculation" for ever */
    uint8_t option, inking;
    uint32_t session;
    uint16_t seq;
    uint8_t stored[256][12]; /* reports that are only kept: pen colour, brightness ... */
    /* pen */
    GArray *queue; /* struct pad_sample */
    guint next;
    struct pad_sample last;
    gint64 due_us, full_us; /* next sample; since when the FIFO is full, 0: it is not */
    guint tick;
    unsigned drop, repeat;
    uint64_t sent, lost, unheard;
    /* screen */
    cairo_surface_t *screen;
    uint8_t encoding;
    GByteArray *image;
    int left, top, right, bottom;
    uint64_t images, clears;
};

/* pad_image.c */
void pad_screen_new(struct pad *d);
void pad_clear(struct pad *d);
void pad_area_full(struct pad *d);
uint8_t pad_image_start(struct pad *d, uint8_t encoding); /* each returns an error code */
uint8_t pad_image_block(struct pad *d, const uint8_t *p, size_t len);
uint8_t pad_image_end(struct pad *d, bool commit);
void pad_ink(struct pad *d, const struct pad_sample *from, const struct pad_sample *to);
bool pad_picture(struct pad *d);

/* pad_sign.c: a signature of about 1.2 s, appended as samples at 200 Hz. */
void pad_sign(GArray *queue);

#endif
