/* T=1, the block protocol (ISO 7816-3 section 11): blocks as bytes and structs, and the engine that carries
 * an APDU over them. No I/O of its own: a block goes out and one comes back through a callback. */
#ifndef PRIDVOR_CARD_T1_H
#define PRIDVOR_CARD_T1_H

#include "common/base/err.h"

#define T1_INF_MAX 254
#define T1_BLOCK_MAX (3 + T1_INF_MAX + 2)

enum t1_kind { T1_I, T1_R, T1_S };
enum t1_s { T1_RESYNCH, T1_IFS, T1_ABORT, T1_WTX };
enum t1_error { T1_NO_ERROR, T1_EDC_OR_PARITY, T1_OTHER };
/* How a block is checked. Two readings of the standard's CRC are in use: as it is, high byte first, and
 * inverted, low byte first (ISO 13239). */
enum t1_edc { T1_LRC, T1_CRC, T1_CRC_INVERTED };

struct t1_block {
    enum t1_kind kind;
    bool seq;            /* N(S) of an I-block, N(R) of an R-block */
    bool more;           /* I: the chain goes on */
    enum t1_error error; /* R */
    enum t1_s s;
    bool response; /* S */
    const uint8_t *inf;
    size_t len;
};
size_t t1_encode(const struct t1_block *b, enum t1_edc edc, uint8_t out[T1_BLOCK_MAX]);
/* out->inf points into p. RC_PROTOCOL with detail T1_EDC_OR_PARITY or T1_OTHER. NAD must be 00: we send no
 * other. */
MUST enum rc t1_decode(const uint8_t *p, size_t len, enum t1_edc edc, struct t1_block *out, struct err *e);

/* What came back. len 0: nothing within the waiting time. */
struct t1_frame {
    uint8_t p[T1_BLOCK_MAX + 8];
    size_t len;
    bool parity; /* the reader says that the characters were bad */
};

struct t1 {
    /* Sends one block, waits for one; wtx multiplies the block waiting time of this one wait. Any failure
     * ends the exchange; a card that is silent is no failure (in->len = 0). */
    MUST enum rc (*block)(void *self, const uint8_t *out, size_t len, unsigned wtx, struct t1_frame *in,
                          struct err *e);
    void *self;
    enum t1_edc edc;
    uint8_t ifsc0, ifsc; /* what the card takes at once: as the ATR says, and now */
    uint8_t ifsd; /* what we announce before the first I-block; 0: nothing, the card sends at most 32 */
    bool ns, nr;  /* of the next I-block, ours and the card's */
    bool told;    /* ifsd is announced */
    bool lost;    /* an exchange ended in the middle: S(RESYNCH) first */
    bool heard;   /* a good block came since reset */
    unsigned blocks, bad, resyncs, extensions; /* counters */
};
/* After a reset of the card. */
void t1_begin(struct t1 *t, uint8_t ifsc, uint8_t ifsd, enum t1_edc edc);
/* One APDU. RC_DEVICE CARD_MUTE after three bad answers in a row and three S(RESYNCH); RC_DEVICE CARD_ABORT
 * when the card breaks off a chain; RC_TOO_BIG; else what block() said. *got is set on success. */
struct t1_apdu {
    const uint8_t *cmd;
    size_t len;
    uint8_t *out;
    size_t cap, got;
};
MUST enum rc t1_exchange(struct t1 *t, struct t1_apdu *a, struct err *e);
/* S(IFS) alone, right after reset: does the card understand us at this rate? A card that answers but knows no
 * S(IFS) does. */
MUST enum rc t1_announce(struct t1 *t, struct err *e);

#endif
