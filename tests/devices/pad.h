/* The signature pad model: the Wacom STU family as far as it is known, and a plain HID digitiser.
 *
 * Feature reports by GET_REPORT / SET_REPORT; lengths count the report id. What stands here where the public
 * facts are silent: 08 = name (9), firmware (2), secure (1), version (4). 09 = maxX, maxY, maxPressure,
 * width, height (BE 16), and on newer pads rate (8), resolution (BE 16), encodings (8), 2 reserved. 03 =
 * status, last error, 2 reserved. 24 = encoding, 1, left, top, right, bottom (LE 16, inclusive): starts a
 * picture of that part; 25 = encoding: starts one of the whole. 16-bit pixels are RGB 565, low byte first. A
 * block on the OUT endpoint has the form of report 26: id, length LE, data. Pen samples leave only while
 * capturing. */
#ifndef PRIDVOR_TESTS_PAD_H
#define PRIDVOR_TESTS_PAD_H

#include <cairo.h>

#include "tests/devices/model.h"

enum {
    PAD_EP_IN = 0x81,
    PAD_EP_OUT = 0x02,
    PAD_FIFO = 32,        /* reports the pad keeps for a host that does not fetch ... */
    PAD_FIFO_US = 160000, /* ... and for how long it is full before one is lost */
    PAD_HZ = 200,
};

enum { PAD_READY, PAD_IMAGE, PAD_CAPTURE, PAD_CALC };                  /* status */
enum { PAD_OK, PAD_WRONG_REPORT, PAD_WRONG_STATE, PAD_GRAPHICS = 10 }; /* last error */
enum { PAD_CAN_ZLIB = 1, PAD_CAN_MONO = 2, PAD_CAN_16 = 4, PAD_CAN_24 = 8 };

/* What a model has: bits that reports need. */
enum {
    HAS_ALL = 0,
    HAS_V1 = 1,
    HAS_V2 = 2,
    HAS_OPTION = 4, /* one number per sample: 30, 31 */
    HAS_TIMED = 8,  /* time and sequence: 33, 34 */
    HAS_AREA = 16,
    HAS_WRITING = 32,
    HAS_LIGHT = 64, /* brightness, contrast, colours */
    HAS_BOOT = 128,
    HAS_OUT = 256,                     /* pictures by the OUT endpoint */
    HAS_MODE = HAS_OPTION | HAS_TIMED, /* either */
    HAS_CIPHER = HAS_V1 | HAS_V2,
};
struct pad_kind {
    const char *name, *product, *serial;
    uint16_t vid, pid;
    int x, y, p, w, h, rate; /* rate 0: the short capability report */
    uint8_t encodings;
    unsigned has;
    bool hid; /* no STU at all */
};
extern const struct pad_kind pad_kinds[];
const struct pad_kind *pad_kind(const char *name); /* NULL: the usual one */
const struct usb_desc *pad_desc(const char *name);
size_t pad_hid_descriptor(const struct pad_kind *k, uint8_t out[2048]);

struct pad_sample {
    int x, y, p;
    bool near;  /* pen seen at all */
    bool light; /* the tip is down though no pressure is measured */
};

/* pad_crypt.c: both generations, written from the facts with big numbers and AES alone. */
struct pad_crypt {
    bool ready;                   /* a key is agreed on */
    bool bad, weak, refuse, mute; /* faults: another key, only AES-128/RSA-1024, nothing, never ready */
    uint8_t key[32];
    unsigned key_bits;
    uint8_t type[2]; /* as set */
    uint8_t e[8], n[256], c[256];
    size_t e_len, n_len, c_len;
    bool have_c;
    uint8_t result, index;
    unsigned busy;    /* how often the answer is still "calculating" */
    uint8_t ours[16]; /* v1: public half */
};

struct pad {
    struct vdev *v;
    const struct pad_kind *kind;
    const char *dir;
    uint8_t status, error;
    bool busy; /* fault: says "calculation" for ever */
    uint8_t option, inking;
    uint32_t session;
    uint16_t seq;
    uint8_t stored[256][12]; /* reports that are only kept: pen colour, brightness ... */
    struct pad_crypt crypt;
    /* pen */
    GArray *queue; /* struct pad_sample */
    guint next;
    struct pad_sample last;
    gint64 due_us, full_us; /* next sample; since when the FIFO is full, 0: it is not */
    guint tick;
    unsigned drop, repeat, back, wrong, garble;
    bool autosign;
    double ok_x, ok_y; /* of the button tapped after it */
    uint8_t half[8];   /* first of the two samples in report 10 and 31 */
    bool have_half;
    uint64_t sent, lost, unheard;
    /* screen */
    cairo_surface_t *screen;
    uint8_t encoding;
    GByteArray *image;
    int left, top, right, bottom;
    int write_left, write_top, write_right, write_bottom; /* where ink shows */
    uint64_t images, clears, bulk, blocks;
};

/* pad_image.c */
void pad_screen_new(struct pad *d);
void pad_clear(struct pad *d);
uint8_t pad_image_start(struct pad *d, uint8_t encoding,
                        const uint8_t *rect); /* each returns an error code */
uint8_t pad_image_block(struct pad *d, const uint8_t *p, size_t len);
uint8_t pad_image_end(struct pad *d, bool commit);
uint8_t pad_writing(struct pad *d, const uint8_t *rect);
void pad_ink(struct pad *d, const struct pad_sample *from, const struct pad_sample *to);
bool pad_picture(struct pad *d);

/* pad_sign.c: a signature of about 1.2 s, appended as samples at 200 Hz. */
void pad_sign(GArray *queue, const struct pad_kind *k);

/* pad_pen.c */
void pad_pen_start(struct pad *d);                                    /* a capture begins */
bool pad_pen_command(struct pad *d, int n, char **w, GString *reply); /* false: not a word of the pen */
void pad_pen_stop(struct pad *d);

/* pad_crypt.c */
uint8_t pad_crypt_set(struct pad *d, uint8_t id, const uint8_t *p); /* 13, 40 */
void pad_crypt_get(struct pad *d, uint8_t id, uint8_t *out);        /* 14, 1A, 1B, 40, 50 */
void pad_crypt_seal(struct pad *d, uint8_t block[16]);
void pad_crypt_forget(struct pad *d);

#endif
