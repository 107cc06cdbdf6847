/* Primitives from mbedTLS for envelopes, ids and seals (card cryptography has its own file in drivers/card).
 * Works with 2.28 and 3.6. */
#ifndef PRIDVOR_CRYPTO_H
#define PRIDVOR_CRYPTO_H

#include "common/base/err.h"

#define SHA256_LEN 32
#define SHA1_LEN 20
#define GCM_NONCE 12
#define GCM_TAG 16
#define UUID_LEN 37 /* text with the NUL */

MUST enum rc rnd_bytes(void *p, size_t len, struct err *e); /* the kernel's getrandom */
void sha256(uint8_t out[SHA256_LEN], const void *p, size_t len);
/* The same in pieces. sha256_end() gives the sum (out may be NULL) and frees. */
struct sha256_sum;
struct sha256_sum *sha256_begin(void);
void sha256_add(struct sha256_sum *s, const void *p, size_t len);
void sha256_end(struct sha256_sum *s, uint8_t out[SHA256_LEN]);
void hmac_sha256(uint8_t out[SHA256_LEN], const void *key, size_t keylen, const void *p, size_t len);
/* Only where a standard wants it: what authenticator apps compute (RFC 6238). */
void hmac_sha1(uint8_t out[SHA1_LEN], const void *key, size_t keylen, const void *p, size_t len);
/* RFC 5869, SHA-256: hkdf_sha256(out, len, key, keylen, salt, saltlen, info, e). */
MUST enum rc hkdf_bytes(uint8_t *out, size_t len, struct bytes key, struct bytes salt, const char *info,
                        struct err *e);
#define hkdf_sha256(out, len, key, keylen, salt, saltlen, info, e)                                           \
    hkdf_bytes((out), (len), BYTES((key), (keylen)), BYTES((salt), (saltlen)), (info), (e))

struct seal_key {
    uint8_t k[32];
};
/* AES-256-GCM: out is nonce(12) || ciphertext || tag(16), cap >= len + 28. Random nonce; aad is bound, not
 * stored. seal(key, aad, aadlen, in, len, out, e), unseal(key, aad, aadlen, in, len, out, &outlen, e). */
MUST enum rc seal_bytes(const struct seal_key *key, struct bytes aad, struct bytes in, uint8_t *out,
                        struct err *e);
MUST enum rc unseal_bytes(const struct seal_key *key, struct bytes aad, struct bytes in, uint8_t *out,
                          size_t *outlen, struct err *e);
#define seal(key, aad, aadlen, in, len, out, e)                                                              \
    seal_bytes((key), BYTES((aad), (aadlen)), BYTES((in), (len)), (out), (e))
#define unseal(key, aad, aadlen, in, len, out, outlen, e)                                                    \
    unseal_bytes((key), BYTES((aad), (aadlen)), BYTES((in), (len)), (out), (outlen), (e))

MUST enum rc uuid7(char out[UUID_LEN], struct err *e); /* RFC 9562, time-ordered, lower case */
bool uuid_valid(const char *s);                        /* lower case 8-4-4-4-12 */
void uuid_text(char out[UUID_LEN], const uint8_t id[16]);
bool uuid_bytes(uint8_t out[16], const char *s);         /* false: not uuid_valid */
bool equal_ct(const void *a, const void *b, size_t len); /* constant time */

#endif
