/* Secure messaging (ICAO 9303-11 9.8): 3DES after BAC, 3DES or AES after PACE. Pure: the counter is the only
 * state. */
#ifndef PRIDVOR_CARD_SM_H
#define PRIDVOR_CARD_SM_H

#include "drivers/card/apdu.h"
#include "drivers/card/crypto.h"

struct sm {
    bool open; /* false: nothing is wrapped */
    struct card_key enc, mac;
    uint8_t ssc[CARD_BLOCK_MAX]; /* cipher_block() bytes of it count */
};

/* Session keys from a shared secret, counter zero or as BAC gives it (8 bytes). */
void sm_start(struct sm *sm, enum cipher c, const uint8_t *secret, size_t len, const uint8_t *ssc);
void sm_wipe(struct sm *sm);

MUST enum rc sm_wrap(struct sm *sm, const struct apdu *c, uint8_t *out, size_t cap, size_t *len,
                     struct err *e);
/* In place: the protected answer becomes the plain one. A wrong or missing MAC, or a status word that is not
 * the protected one, closes the channel: RC_PROTOCOL, SM_BROKEN. A bare error status comes through in clear
 * and closes the channel, too. */
MUST enum rc sm_unwrap(struct sm *sm, struct answer *a, struct err *e);
/* Data bytes of one READ BINARY whose protected answer fits into `answer` bytes, status word included. */
size_t sm_room(const struct sm *sm, size_t answer);

#endif
