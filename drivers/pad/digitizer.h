/* A pen or touch pad of the HID standard: the digitiser's usages (HID usage tables, page 0x0D) or an absolute
 * pointer. No screen, no clock, no numbers. */
#ifndef PRIDVOR_PAD_DIGITIZER_H
#define PRIDVOR_PAD_DIGITIZER_H

#include "drivers/pad/hid.h"
#include "drivers/pad/stu.h"

struct digitizer {
    struct hid_field x, y, tip, range, pressure; /* size 0: not there; x, y and tip always are */
};

/* The pen's report before those of fingers, one with pressure before one without.
 * RC_UNSUPPORTED: no report has absolute x and y with a tip switch, a contact or a first button. cap gets the
 * units and the pressure levels (1 without pressure); its rate and screen stay 0. */
MUST enum rc digitizer_find(const struct hid_map *m, struct digitizer *out, struct stu_capability *cap,
                            struct err *e);
/* false: another report. */
MUST bool digitizer_sample(const struct hid_map *m, const struct digitizer *d, struct bytes report,
                           struct stu_sample *out);

#endif
