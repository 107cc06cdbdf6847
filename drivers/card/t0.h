/* T=0 above the characters (ISO 7816-3 section 12.2): an APDU becomes one or several TPDUs, with GET
 * RESPONSE, the exact Le and ENVELOPE. The reader handles the procedure bytes; those it lets through are
 * taken out. Pure. */
#ifndef PRIDVOR_CARD_T0_H
#define PRIDVOR_CARD_T0_H

#include "common/base/err.h"

#define T0_TPDU_MAX (5 + 255)
#define T0_ANSWER_MAX (256 + 2 + 64) /* data, status word, and procedure bytes that slipped through */

/* A command as its bytes say (12.1). ne: most bytes wanted back, 0: none. */
struct t0_command {
    int form; /* the case: 1, 2, 3, 4 */
    bool wide;
    const uint8_t *data;
    size_t nc, ne;
};
MUST enum rc t0_command(const uint8_t *p, size_t len, struct t0_command *out, struct err *e);

/* What a character that is no data means after a header with this INS (10.3.3). */
enum t0_procedure { T0_NULL, T0_ALL, T0_ONE, T0_STATUS, T0_NONSENSE };
enum t0_procedure t0_procedure(uint8_t ins, uint8_t byte);

struct t0 {
    /* One TPDU: header and data out, data and status word back (at least two bytes, at most T0_ANSWER_MAX).
     */
    MUST enum rc (*tpdu)(void *self, const uint8_t *out, size_t len, uint8_t *in, size_t *got, struct err *e);
    void *self;
    unsigned tpdus; /* counter */
};

struct t0_apdu {
    const uint8_t *cmd;
    size_t len;
    uint8_t *out; /* data and status word */
    size_t cap, got;
};
/* RC_PROTOCOL: not an answer of T=0; RC_TOO_BIG; RC_DEVICE; else what tpdu() said. */
MUST enum rc t0_exchange(struct t0 *t, struct t0_apdu *a, struct err *e);

#endif
