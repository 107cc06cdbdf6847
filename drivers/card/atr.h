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
    bool crc;               /* T=1: TC there: blocks end with a CRC instead of the LRC */
    int wi;                 /* T=0: TC2, default 10 */
    int supply;             /* T=15: TA after the first TD that says T=15: clock stop and voltages, or -1 */
    int specific;           /* TA2: the one protocol of the card, which negotiates nothing; else -1 */
    bool implicit;          /* TA2: rate and times are not those of TA1 */
    unsigned protocols;     /* bit n: T=n offered */
    int first;              /* the first protocol offered */
    const uint8_t *hist;    /* into bytes */
    size_t hist_len;
    /* card capabilities, third byte of compact-TLV 73: */
    bool chaining, wide, info; /* command chaining, extended length, EF.ATR/INFO is there */
};

/* A check byte is demanded as soon as a TD names anything but T=0 (8.2.5), T=15 included. Reserved values of
 * IFSC, WI and BWI become the defaults: the card gets the chance to work. */
MUST enum rc atr_parse(const uint8_t *p, size_t len, struct atr *out, struct err *e);

#endif
