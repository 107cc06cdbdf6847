/* The pad's reports as calls: lengths and existence by its HID report descriptor. */
#ifndef PRIDVOR_PAD_LINK_H
#define PRIDVOR_PAD_LINK_H

#include "drivers/driver.h"
#include "drivers/pad/hid.h"
#include "drivers/pad/stu.h"

#define PAD_PEN_RING 0
#define PAD_SETTLE_MS 20     /* after start and end of capture */
#define PAD_BEFORE_END_MS 80 /* before end of capture, at least */
#define PAD_POLL_MS 50
#define PAD_POLLS 25
#define PAD_RESET_MS 1100

struct pad_link {
    struct drv *d;
    struct bus *bus;
    struct hid_map hid;
    struct stu_capability cap;
    char model[10], serial[16];
    bool stu; /* else a digitiser without a screen */
    int option;
    uint8_t text, colour; /* encodings, without STU_ENC_BULK; the same on a black and white pad */
    uint8_t out;          /* endpoint for pictures, 0: by report 26 */
};

/* Reads and parses the report descriptor of the claimed interface. */
MUST enum rc pad_describe(struct pad_link *p, struct err *e);
bool pad_has(const struct pad_link *p, enum hid_kind kind, uint8_t id);
void pad_settle(struct pad_link *p, int ms);

/* SET_REPORT and GET_REPORT of a feature report (HID 1.11 section 7.2). RC_UNSUPPORTED: the descriptor does
 * not know it, or the pad stalls it. A set report is filled up to its length. */
MUST enum rc pad_set(struct pad_link *p, const uint8_t *report, size_t len, struct err *e);
MUST enum rc pad_set1(struct pad_link *p, uint8_t id, uint8_t value, struct err *e);
MUST enum rc pad_get(struct pad_link *p, uint8_t id, uint8_t *out, size_t len, size_t *got, struct err *e);
MUST enum rc pad_status(struct pad_link *p, struct stu_status *out, struct err *e);
/* Sets a report and reads the status: an error number becomes RC_STATE (PAD_STATE) or RC_DEVICE
 * (PAD_GRAPHICS). */
MUST enum rc pad_order(struct pad_link *p, const uint8_t *report, size_t len, struct err *e);
/* Asks until the pad is not calculating, booting or busy with its ROM; RC_STATE (PAD_STATE) after PAD_POLLS.
 */
MUST enum rc pad_wait(struct pad_link *p, struct stu_status *out, struct err *e);
/* A process that died in the middle left the pad capturing: end it, clear it; soft reset when that does not
 * help. Afterwards the pad is ready and its screen blank, or RC_STATE (PAD_STATE). */
MUST enum rc pad_leave(struct pad_link *p, struct err *e);

#endif
