/* One receipt printer on its bus: what it can (profile), what it said last (status), and the two motions of a
 * job: a write that reads meanwhile, and a wait for a word of the printer. */
#ifndef PRIDVOR_PRINTER_H
#define PRIDVOR_PRINTER_H

#include "drivers/driver.h"
#include "drivers/print/escpos.h"
#include "drivers/print/layout.h"

#define PRINTER_RING 0

/* "profile" of configs/devices/printer-*.device; quirks of the same file:
 *   feed_before_cut  GS V 66 does not bring the last line above the blade
 *   no_soft_reset    the class request SOFT_RESET is not to be sent */
struct printer_profile {
    struct paper paper;
    int64_t blade_mm; /* head to blade */
    int64_t mm_s;
    bool process_id, asb, cutter, feed_before_cut, soft_reset;
};

struct printer {
    struct bus *bus;
    struct printer_profile profile;
    uint8_t in, out;
    uint16_t in_size, out_size;
    struct escpos_demux demux;
    struct escpos_status status;
    char id[ESCPOS_ID_LEN + 1]; /* process id that came back last, "" */
    unsigned answers;           /* DLE EOT answers and ASB blocks since start */
    int64_t asked_at, healed_at;
    bool dirty; /* a job may be stuck in its buffer: since open, or since one that ended badly */
    bool half;  /* part of a receipt hangs out */
};

void printer_profile(const struct device_row *row, struct printer_profile *out);
MUST enum rc printer_open(struct printer *p, struct drv *d, struct err *e);
/* Takes what came, without waiting. */
void printer_drain(struct printer *p);
/* DLE EOT 1 to 4; RC_OK also when nothing answers (a clone): status.seen says what came. */
MUST enum rc printer_ask(struct printer *p, int ms, struct err *e);
/* Writes all of it while reading; *sent counts what the device took. Ends early when the printer says that it
 * cannot go on (RC_USER, RC_DEVICE) or takes nothing for 10 s (RC_TIMEOUT). */
MUST enum rc printer_write(struct printer *p, const void *bytes, size_t len, size_t *sent, struct err *e);
/* Until the process id comes back (id NULL: just waits), the printer reports trouble, the link is lost, or ms
 * passed (RC_TIMEOUT). */
MUST enum rc printer_until(struct printer *p, const char *id, int64_t ms, struct err *e);
/* Why nothing can be printed now; RC_OK when something can. */
MUST enum rc printer_ready(const struct printer *p, struct err *e);
/* Stopped for no reason that a person could see: it waits for DLE ENQ after one that is over. */
bool printer_waits(const struct printer *p);
/* Clears what an earlier job left: DLE ENQ 2 (home the blade, empty the buffers) and SOFT_RESET (a raster
 * that lacks bytes would swallow the next job); then asks again. Loses a pending process id. */
MUST enum rc printer_heal(struct printer *p, struct err *e);

#endif
