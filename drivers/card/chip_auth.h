/* Chip authentication (ICAO 9303-11 6.2; TR-03110-3 B.2): the chip proves that it knows the private key to
 * the public one in DG14, and the channel gets new keys. Pure; the caller sends: 3DES: MSE:Set KAT 00 22 41
 * A6. AES: MSE:Set AT 00 22 41 A4, then GENERAL AUTHENTICATE 00 86 00 00. */
#ifndef PRIDVOR_CARD_CHIP_AUTH_H
#define PRIDVOR_CARD_CHIP_AUTH_H

#include "drivers/card/chip_key.h"
#include "drivers/card/lds.h"
#include "drivers/card/sm.h"

struct chip_auth {
    uint8_t oid[10]; /* 0.4.0.127.0.7.2.2.3.m.c; the last arc is missing in old documents */
    size_t oid_len;
    enum cipher cipher;
    int key_id; /* -1: DG14 names none */
    struct chip_key key;
    struct ka *ka;
    uint8_t ours[KA_PUBLIC_MAX];
    size_t ours_len;
};

/* The best pair of protocol and key in DG14: AES before 3DES. RC_NOT_FOUND: chip authentication is not
 * offered; RC_UNSUPPORTED: it is, with a key that we cannot use. */
MUST enum rc chip_auth_choose(const struct security_infos *infos, struct chip_auth *out, struct err *e);
/* Static keys in DG14, for chip authentication mapping: NULL when there are no more. *at starts at 0. */
bool chip_auth_next_key(const struct security_infos *infos, size_t *at, struct chip_key *out);
MUST enum rc chip_auth_start(struct chip_auth *c, struct err *e); /* our key pair */
void chip_auth_wipe(struct chip_auth *c);                         /* for SCOPED, too */

#define CHIP_DATA_MAX (KA_PUBLIC_MAX + 48)
/* Data fields. with_id: say which key (left out where a card does not want to hear it). */
MUST enum rc chip_auth_kat(const struct chip_auth *c, bool with_id, uint8_t *out, size_t *len, struct err *e);
MUST enum rc chip_auth_at(const struct chip_auth *c, bool with_id, uint8_t *out, size_t *len, struct err *e);
MUST enum rc chip_auth_general(const struct chip_auth *c, uint8_t *out, size_t *len, struct err *e);
/* The new channel, counter zero. */
MUST enum rc chip_auth_keys(const struct chip_auth *c, struct sm *out, struct err *e);

#endif
