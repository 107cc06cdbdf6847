/* One receipt printer on its bus: what it can (profile), what it said last (status), and the two motions of a
 * job: a write that reads meanwhile, and a wait for a word of the printer. */
#ifndef PRIDVOR_PRINTER_H
#define PRIDVOR_PRINTER_H

#include "drivers/driver.h"
#include "drivers/print/escpos.h"
#include "drivers/print/layout.h"

#define PRINTER_RING 0

/* "profile" of configs/devices/printer-*.device. */
struct printer_profile {
    struct paper paper;
    int64_t blade_mm; /* head to blade: fed before the cut */
    int64_t mm_s;
    bool process_id, asb, cutter;
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
    int64_t alive_at, asked_at;
};

void printer_profile(const struct device_row *row, struct printer_profile *out);
MUST enum rc printer_open(struct printer *p, struct drv *d, struct err *e);
/* Takes what came, without waiting. */
void printer_drain(struct printer *p);
/* DLE EOT 1 to 4; RC_OK also when nothing answers (a clone): status.seen says what came. */
MUST enum rc printer_ask(struct printer *p, int ms, struct err *e);
/* Writes all of it while reading; *sent counts what the device took. Ends early when the printer says that it
 * cannot go on (RC_USER, RC_DEVICE) or takes nothing for 15 s (RC_TIMEOUT). */
MUST enum rc printer_write(struct printer *p, const void *bytes, size_t len, size_t *sent, struct err *e);
/* Until done(p) is true, the printer reports trouble, the link is lost, or ms passed (RC_TIMEOUT). */
MUST enum rc printer_until(struct printer *p, bool (*done)(const struct printer *p, const char *id),
                           const char *id, int ms, struct err *e);
/* Why nothing can be printed now; RC_OK when something can. */
MUST enum rc printer_ready(const struct printer *p, struct err *e);

#endif
