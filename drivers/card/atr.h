/* Answer to reset (ISO 7816-3 section 8, historical bytes ISO 7816-4 section 12.1.1). Pure. */
#ifndef PRIDVOR_CARD_ATR_H
#define PRIDVOR_CARD_ATR_H

#include "common/base/err.h"

#define ATR_MAX 33

struct atr {
    uint8_t bytes[ATR_MAX];
    size_t len;
    int ta1, tb1, tc1, ta2; /* -1 when absent */
    int ifsc, tb3;          /* T=1: TA and TB after the first TD that says T=1; defaults 32 and 0x4D */
    unsigned protocols;     /* bit n: T=n offered */
    int first;              /* the first protocol offered */
    const uint8_t *hist;    /* into bytes */
    size_t hist_len;
    /* card capabilities, third byte of compact-TLV 73: */
    bool chaining, wide, info; /* command chaining, extended length, EF.ATR/INFO is there */
};

/* A check byte is demanded as soon as a protocol other than T=0 is offered. */
MUST enum rc atr_parse(const uint8_t *p, size_t len, struct atr *out, struct err *e);

#endif
