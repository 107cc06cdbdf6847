/* Signatures of documents and certificates: checking only. Source: RFC 8017 (RSASSA-PKCS1-v1_5, RSASSA-PSS),
 * SEC 1 4.1.4 (ECDSA). Keys and signatures come from outside; every refusal is RC_DENIED with the reason,
 * RC_UNSUPPORTED when the key has a size or form that is not done here. */
#ifndef PRIDVOR_CARD_CRYPTO_VERIFY_H
#define PRIDVOR_CARD_CRYPTO_VERIFY_H

#include "common/base/err.h"
#include "drivers/card/curves.h"

enum hash { HASH_NONE, HASH_SHA1, HASH_SHA224, HASH_SHA256, HASH_SHA384, HASH_SHA512 };
#define HASH_MAX 64

size_t hash_len(enum hash h);
const char *hash_name(enum hash h); /* "SHA-256" */
/* One after the other; out has hash_len(h) bytes. */
void hash_parts(enum hash h, const struct bytes *parts, size_t n, uint8_t out[HASH_MAX]);
void hash_of(enum hash h, struct bytes p, uint8_t out[HASH_MAX]);

/* Big endian, without zeros in front. Keys of 1024 to 8192 bits. */
struct rsa_key {
    struct bytes n, e;
};
#define RSA_MAX 1024
/* sig ^ e mod n, as many bytes as n has; sig must have that length, too, and be smaller than n. */
MUST enum rc rsa_open(const struct rsa_key *k, struct bytes sig, uint8_t out[RSA_MAX], struct err *e);
MUST enum rc rsa_pkcs1_check(const struct rsa_key *k, enum hash h, const uint8_t *digest, struct bytes sig,
                             struct err *e);
struct pss {
    enum hash hash, mgf;
    size_t salt;
};
MUST enum rc rsa_pss_check(const struct rsa_key *k, const struct pss *how, const uint8_t *digest,
                           struct bytes sig, struct err *e);

struct ec_signature {
    struct bytes r, s; /* numbers, big endian */
};
/* point: 04 x y. A digest longer than the order is cut to its bits. */
MUST enum rc ecdsa_check(const struct curve *c, struct bytes point, struct bytes digest,
                         const struct ec_signature *sig, struct err *e);

#endif
