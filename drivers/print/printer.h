/* One receipt printer on its bus: what it can (profile), what it said last (status), and the two motions of a
 * job: a write that reads meanwhile, and a wait for a word of the printer. */
#ifndef PRIDVOR_PRINTER_H
#define PRIDVOR_PRINTER_H

#include "drivers/print/profile.h"

#define PRINTER_RING 0

struct printer {
    struct bus *bus;
    struct printer_profile profile;
    uint8_t in, out;
    uint16_t in_size, out_size;
    struct escpos_demux demux;
    struct escpos_status status;
    char id[ESCPOS_ID_LEN + 1]; /* process id that came back last, "" */
    char model[64];             /* what it calls itself, "" */
    char info[64];              /* last GS I answer */
    bool probed;                /* its name is known, or it will not say it */
    unsigned probes;
    unsigned answers; /* DLE EOT answers and ASB blocks since start */
    unsigned asks;    /* times all questions were put */
    unsigned replies; /* bits of escpos_status.seen that ever came */
    int64_t roll_cm;  /* virtual paper counter of the printer itself, -1: it has none */
    int64_t asked_at, healed_at;
    bool fresh; /* no job since open */
    bool dirty; /* a job may be stuck in its buffer: since open, or since one that ended badly */
    bool half;  /* part of a receipt hangs out */
};

MUST enum rc printer_open(struct printer *p, struct drv *d, struct err *e);
/* Takes what came, without waiting. */
void printer_drain(struct printer *p);
/* DLE EOT 1 to 4, and 20 where it is known; RC_OK also when nothing answers (a clone): status.seen says what
 * came. What stayed unanswered twice is not waited for again. */
MUST enum rc printer_ask(struct printer *p, int ms, struct err *e);
bool printer_answered(const struct printer *p); /* something came since the last question */
/* Asks its name (IEEE 1284 id, GS I) and takes over the row that knows it; at most three times, and only
 * while nothing is printed. */
MUST enum rc printer_probe(struct printer *p, struct drv *d, struct err *e);
/* Asks the printer's own paper counter, if it has one. */
MUST enum rc printer_ask_roll(struct printer *p, struct err *e);
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
