/* The public key of a chip (SubjectPublicKeyInfo in DG14 and DG15), and the domain it lives in. Pure;
 * pointers point into the input. Source: RFC 3279, RFC 5480, ICAO 9303-11 9.2, TR-03110-3 A.1.1. */
#ifndef PRIDVOR_CARD_CHIP_KEY_H
#define PRIDVOR_CARD_CHIP_KEY_H

#include "drivers/card/crypto.h"
#include "drivers/card/crypto_verify.h"

enum chip_key_kind { CHIP_KEY_RSA, CHIP_KEY_EC, CHIP_KEY_DH };
struct chip_key {
    enum chip_key_kind kind;
    const struct curve *curve; /* EC */
    struct dh_values dh;       /* DH with numbers of its own; p empty: by id */
    int id;                    /* standardised domain parameters, -1: none */
    struct bytes value;        /* EC: 04 x y; DH: the number */
    struct rsa_key rsa;
};

/* p: whole SubjectPublicKeyInfo, in outer layers BER is fine. RC_UNSUPPORTED: a kind or curve we have not;
 * RC_PROTOCOL: no key. */
MUST enum rc chip_key_read(struct bytes spki, struct chip_key *out, struct err *e);
/* Only kind and domain, from the content of an AlgorithmIdentifier. */
MUST enum rc chip_key_domain(struct bytes algorithm, struct chip_key *out, struct err *e);
/* Key agreement in the key's domain. */
MUST enum rc chip_key_agreement(const struct chip_key *k, struct ka **out, struct err *e);

#endif
