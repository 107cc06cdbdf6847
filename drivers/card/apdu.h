/* Command and answer of a card (ISO 7816-4), and what its status words mean to us. Pure. */
#ifndef PRIDVOR_CARD_APDU_H
#define PRIDVOR_CARD_APDU_H

#include "common/base/err.h"

#define APDU_DATA_MAX 4608 /* data of one answer we take; chunks are asked for smaller than this */
#define APDU_MAX (APDU_DATA_MAX + 16)

struct apdu {
    uint8_t cla, ins, p1, p2;
    const uint8_t *data;
    size_t lc;
    int le;    /* -1: no answer data expected; 0: as much as there is; else 1..65536 */
    bool wide; /* extended length even if short would do */
};

struct answer {
    uint16_t sw;
    size_t len; /* without the status word */
    uint8_t data[APDU_DATA_MAX];
};

/* Short form when lc <= 255 and le <= 256 and not wide, else extended. */
MUST enum rc apdu_encode(const struct apdu *c, uint8_t *out, size_t cap, size_t *len, struct err *e);
MUST enum rc answer_decode(const uint8_t *p, size_t len, struct answer *out, struct err *e);

/* Status words, exact rows before ranges. */
struct sw_row {
    uint16_t value, mask;
    enum rc rc;       /* RC_OK: the data count */
    const char *code; /* device code or NULL */
    const char *text; /* what the card said, for the log */
};
const struct sw_row *sw_row(uint16_t sw); /* never NULL */
/* The error of a status word, in front of it what was done: "reading DG1: security status not satisfied
 * (6982)". */
enum rc sw_fail(struct err *e, uint16_t sw, const char *what);
/* 63Cx: x; else -1. */
int sw_tries(uint16_t sw);

/* How bytes come to a card and back. Blocking, bounded by the transport. */
struct transport {
    void *self;
    MUST enum rc (*transmit)(void *self, const uint8_t *cmd, size_t len, struct answer *out, struct err *e);
    MUST enum rc (*reset)(void *self,
                          struct err *e); /* power cycle; the same card must answer, else CARD_SWAPPED */
    size_t max_command, max_answer;       /* bytes of one APDU, status word included */
    const uint8_t *atr;
    size_t atr_len;
};

#endif
