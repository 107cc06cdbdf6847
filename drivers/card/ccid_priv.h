/* Inside of the reader driver: ccid_link.c (frames, recovery) and ccid_card.c (the card). */
#ifndef PRIDVOR_CARD_CCID_PRIV_H
#define PRIDVOR_CARD_CCID_PRIV_H

#include "drivers/card/ccid_link.h"

int64_t ccid_earlier(int64_t a, int64_t b);
/* The answer stands in l->frame until ccid_consume(l, *total); in points into it. */
MUST enum rc ccid_exchange(struct ccid_link *l, struct ccid_out *m, uint8_t type, int64_t deadline,
                           struct ccid_in *in, size_t *total, struct err *e);
void ccid_consume(struct ccid_link *l, size_t total);

#endif
