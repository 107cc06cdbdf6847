/* What the citizen sees on the pad before signing: the service, the name, a short hash, a line to write on,
 * three buttons. Pure: text -> pictures and places. */
#ifndef PRIDVOR_PAD_FACE_H
#define PRIDVOR_PAD_FACE_H

#include "drivers/pad/stu.h"
#include "drivers/print/raster.h"

/* One part of the screen in two colours (0xRRGGBB): where the bitmap has a dot, and where not. */
struct picture {
    const struct bitmap *bits;
    int x, y;
    uint32_t on, off;
};
enum face_button { FACE_CANCEL, FACE_CLEAR, FACE_OK, FACE_BUTTONS };
struct face_text {
    const char *title, *name, *hash, *lang; /* lang: "ro", "hu", "en" */
    bool buttons;
};
#define FACE_PARTS 8
struct face {
    struct picture part[FACE_PARTS];
    size_t n;
    struct stu_rect button[FACE_BUTTONS]; /* right 0: none */
    struct stu_rect writing;
};
struct screen_size {
    int w, h;
    bool colour;
};
MUST enum rc face_make(struct arena *a, const struct face_text *t, const struct screen_size *size,
                       struct face *out, struct err *e);
/* The same in a process that ends with it, and with it the fonts and the name. */
MUST enum rc face_draw(struct arena *a, const struct face_text *t, const struct screen_size *size,
                       struct face *out, struct err *e);
/* All parts on one white picture, for pads that take whole screens only; dark parts become dots. */
struct bitmap *face_whole(struct arena *a, const struct face *f, const struct screen_size *size);
/* The button under a dot, or -1. */
int face_hit(const struct face *f, int x, int y);
extern const char *const face_button_words[FACE_BUTTONS]; /* "cancel", "clear", "ok" */

#endif
