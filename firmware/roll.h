/* How much paper is left: what was printed since the roll was new, kept beside the queue (roll.json), and
 * what the printer's sensors say. A new roll is seen by itself: paper was at its end, or near it, and is not
 * any more. Its length is configured ("roll_mm" of kiosk.conf); 0: nothing is forecast. */
#ifndef PRIDVOR_ROLL_H
#define PRIDVOR_ROLL_H

#include "firmware/config.h"

struct roll {
    int64_t used_mm, receipts;
    bool near_end, ended; /* as the printer said last */
};

void roll_read(const struct kiosk_conf *conf, struct roll *out); /* a missing or broken file is a new roll */
/* A receipt of so many mm left the printer. */
void roll_printed(const struct kiosk_conf *conf, int64_t mm);
/* The printer's media words, before and after each job. */
void roll_media(const struct kiosk_conf *conf, const char *const *words, size_t n);
/* -1: not known. receipts: by the mean length so far. */
int64_t roll_left_mm(const struct kiosk_conf *conf, const struct roll *r);
int64_t roll_left_receipts(const struct kiosk_conf *conf, const struct roll *r);
/* What the driver is told before a job: -1 while the near-end sensor sees paper, because then any receipt
 * ends well whatever was counted; else what is left, and a receipt that is longer is refused before it
 * begins. */
int64_t roll_limit_mm(const struct kiosk_conf *conf, const struct roll *r);

#endif
