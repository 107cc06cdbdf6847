/* Active authentication (ICAO 9303-11 6.1): the chip signs 8 bytes of ours with the key of DG15. Pure; the
 * caller sends INTERNAL AUTHENTICATE 00 88 00 00 08 challenge 00. */
#ifndef PRIDVOR_CARD_ACTIVE_AUTH_H
#define PRIDVOR_CARD_ACTIVE_AUTH_H

#include "drivers/card/chip_key.h"
#include "drivers/card/lds.h"

#define ACTIVE_CHALLENGE 8

struct active_auth {
    struct chip_key key; /* RSA or EC; points into DG15 */
    enum hash hash;      /* ActiveAuthenticationInfo of DG14; HASH_NONE: not said */
};

/* dg15: whole file. infos: of DG14, or NULL. RC_UNSUPPORTED, RC_PROTOCOL: a key that we cannot use. */
MUST enum rc active_auth_read(struct bytes dg15, const struct security_infos *infos, struct active_auth *out,
                              struct err *e);
/* Bytes of a signature, for the length that is asked for. */
size_t active_auth_len(const struct active_auth *a);
/* RSA: ISO 9796-2 scheme 1, trailers BC and xx CC. ECDSA: r || s (TR-03111 5.2.1). RC_DENIED with the reason:
 * not the key of DG15. */
MUST enum rc active_auth_check(const struct active_auth *a, const uint8_t challenge[ACTIVE_CHALLENGE],
                               struct bytes signature, struct err *e);

#endif
