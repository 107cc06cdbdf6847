/* Inside of the reader driver: ccid_link.c (frames, recovery) and ccid_card.c (the card). */
#ifndef PRIDVOR_CARD_CCID_PRIV_H
#define PRIDVOR_CARD_CCID_PRIV_H

#include "drivers/card/ccid_link.h"

int64_t ccid_earlier(int64_t a, int64_t b);
/* One command and its answer. */
struct ccid_call {
    struct ccid_out out; /* slot and sequence are filled in */
    uint8_t answer;      /* the type that answers it */
    int64_t deadline;
    size_t total; /* length of the answer frame, for ccid_consume() */
};
/* The answer stands in l->frame until ccid_consume(); in points into it. */
MUST enum rc ccid_exchange(struct ccid_link *l, struct ccid_call *c, struct ccid_in *in, struct err *e);
void ccid_consume(struct ccid_link *l, size_t total);

#endif
