/* Inside of the reader driver: ccid_link.c (frames, recovery), ccid_card.c (power, parameters), ccid_xfr.c
 * (APDUs). */
#ifndef PRIDVOR_CARD_CCID_PRIV_H
#define PRIDVOR_CARD_CCID_PRIV_H

#include "drivers/card/ccid_link.h"

int64_t ccid_earlier(int64_t a, int64_t b);
/* One command and its answer. */
struct ccid_call {
    struct ccid_out out; /* slot and sequence are filled in */
    uint8_t answer;      /* the type that answers it */
    int64_t deadline;    /* a time extension moves it, to cap_at of the link at most */
    size_t total;        /* length of the answer frame, for ccid_consume() */
};
/* The answer stands in l->frame until ccid_consume(); in points into it. */
MUST enum rc ccid_exchange(struct ccid_link *l, struct ccid_call *c, struct ccid_in *in, struct err *e);
void ccid_consume(struct ccid_link *l, size_t total);
enum rc ccid_cap(const struct ccid_link *l, struct err *e); /* RC_TIMEOUT APDU_CAP */
/* The first status after a plug may be slow; then two quick ones that agree. */
enum rc ccid_settle(struct ccid_link *l, struct err *e);
/* What a failed frame means, with what the interrupt endpoint says at the same moment. */
enum rc ccid_failed(struct ccid_link *l, const struct ccid_in *in, const char *what, struct err *e);

/* ccid_card.c */
enum rc ccid_power_on(struct port *p, struct err *e);
void ccid_power_off(struct port *p);
void ccid_step_back(struct ccid_link *l); /* the rate failed: slower next time */

/* ccid_xfr.c */
enum ccid_chain { CCID_WHOLE = 0, CCID_BEGINS = 1, CCID_ENDS = 2, CCID_MIDDLE = 3, CCID_GO_ON = 0x10 };
/* One XfrBlock; the data of its answer. bwi: multiplier of the reader's own waiting time. */
struct ccid_block {
    const uint8_t *p;
    size_t len;
    uint16_t level;
    uint8_t bwi;
    int64_t wait_ms;
    uint8_t chain; /* out: bChainParameter */
    bool soft;     /* in: a mute card and bad characters are for the caller; out: so it was */
    bool parity;   /* out, with soft */
};
MUST enum rc ccid_block(struct ccid_link *l, struct ccid_block *b, struct buf *out, struct err *e);
enum rc ccid_apdu(struct port *p, struct bytes cmd, struct buf *answer, struct err *e);
/* Readies T=1 for a card just powered; announces our size. Fails when the card does not understand at this
 * rate. */
MUST enum rc ccid_t1_start(struct ccid_link *l, struct err *e);

#endif
