/* The pad's reports as calls, and its screen. */
#ifndef PRIDVOR_PAD_SCREEN_H
#define PRIDVOR_PAD_SCREEN_H

#include "drivers/driver.h"
#include "drivers/pad/stu.h"
#include "drivers/print/raster.h"

struct pad_link {
    struct bus *bus;
    struct stu_capability cap;
    char model[8];
    bool mono;
};

/* SET_REPORT and GET_REPORT of a feature report (HID 1.11 section 7.2). RC_UNSUPPORTED: the pad stalls it. */
MUST enum rc pad_set(struct pad_link *p, const uint8_t *report, size_t len, struct err *e);
MUST enum rc pad_set1(struct pad_link *p, uint8_t id, uint8_t value, struct err *e);
MUST enum rc pad_get(struct pad_link *p, uint8_t id, uint8_t *out, size_t len, size_t *got, struct err *e);
/* Sets a report and reads the status: an error number becomes RC_STATE (PAD_STATE) or RC_DEVICE
 * (PAD_GRAPHICS). */
MUST enum rc pad_order(struct pad_link *p, const uint8_t *report, size_t len, struct err *e);
MUST enum rc pad_status(struct pad_link *p, struct stu_status *out, struct err *e);
/* Black on white at x, y. */
MUST enum rc pad_draw(struct pad_link *p, struct arena *a, const struct bitmap *b, int x, int y,
                      struct err *e);
/* What the citizen sees before signing: title, name and short hash on top, a line to write on. */
MUST enum rc pad_show(struct pad_link *p, struct arena *a, const char *title, const char *under,
                      struct err *e);
MUST enum rc pad_clear(struct pad_link *p, struct err *e);

#endif
