/* What a chip needs of cryptography: the home of mbedTLS in the card driver.
 * Source: ICAO 9303-11 sections 4.4, 9.7, 9.8; facts/emrtd.md sections 3, 4, 6. */
#ifndef PRIDVOR_CARD_CRYPTO_H
#define PRIDVOR_CARD_CRYPTO_H

#include "common/base/err.h"

enum cipher { CIPHER_3DES, CIPHER_AES128, CIPHER_AES192, CIPHER_AES256 };

#define CARD_KEY_MAX 32
#define CARD_BLOCK_MAX 16
#define CARD_MAC_LEN 8
#define SHA1_LEN 20

struct card_key {
    enum cipher cipher;
    uint8_t k[CARD_KEY_MAX];
};

size_t cipher_block(enum cipher c);  /* 8 or 16 */
size_t cipher_keylen(enum cipher c); /* 16, 16, 24, 32 */

void card_sha1(uint8_t out[SHA1_LEN], const void *p, size_t len);
/* 9303-11 9.7.1: SHA-1 for 3DES (parity set) and AES-128, SHA-256 for the longer keys.
 * counter: 1 encryption, 2 MAC, 3 password. At most KA_SECRET_MAX bytes of secret. */
void card_kdf(struct card_key *out, enum cipher c, const uint8_t *secret, size_t len, uint8_t counter);

/* CBC without padding; iv NULL means zero; len is a multiple of the block; in == out is fine. */
MUST enum rc card_encrypt(const struct card_key *k, const uint8_t *iv, const uint8_t *in, size_t len,
                          uint8_t *out, struct err *e);
MUST enum rc card_decrypt(const struct card_key *k, const uint8_t *iv, const uint8_t *in, size_t len,
                          uint8_t *out, struct err *e);
/* AES: CMAC cut to 8 bytes. 3DES: retail MAC (ISO 9797-1 algorithm 3); the caller has padded to 8. */
MUST enum rc card_mac(const struct card_key *k, const uint8_t *in, size_t len, uint8_t mac[CARD_MAC_LEN],
                      struct err *e);
/* ISO 9797-1 padding method 2: 80 00 ... up to the block. p has room for one more block. Returns the new
 * length. */
size_t card_pad(uint8_t *p, size_t len, size_t block);
/* Length without the padding; RC_PROTOCOL when there is none. Constant time in the content of the last block.
 */
MUST enum rc card_unpad(const uint8_t *p, size_t len, size_t block, size_t *out, struct err *e);

/* 9303-11 4.4.3.3.2, integrated mapping: R(s, t), long enough for a field of `bits`. out has
 * CARD_MAP_MAX. RC_PROTOCOL: nonces of lengths that do not fit the cipher. */
#define CARD_MAP_MAX (256 + 8 + 32)
MUST enum rc card_map_random(const struct card_key *t, struct bytes s, unsigned bits,
                             uint8_t out[CARD_MAP_MAX], size_t *len, struct err *e);

/* Key agreement: ECDH over a known curve, or DH over a prime field. One struct serves one run of PACE or chip
 * authentication: a generator (mapped after ka_map...) and one key pair on it. Whatever a card sends is
 * checked before anything is computed with it: points off the curve, at infinity or not uncompressed, numbers
 * out of range or outside the subgroup are RC_PROTOCOL. */
#define KA_PUBLIC_MAX 512 /* DH with 4096 bits; the longest point has 133 bytes */
#define KA_SECRET_MAX 512

struct ka;
struct curve;
/* Standardised domain parameters of 9303-11 9.5.1: 0 to 2 and 8 to 18. RC_UNSUPPORTED names what it is. */
MUST enum rc ka_new(int parameter_id, struct ka **out, struct err *e);
MUST enum rc ka_new_curve(const struct curve *c, struct ka **out, struct err *e);
/* A group of the chip's own (chip authentication over DH, 1024 to 4096 bits). q may be empty. */
struct dh_values {
    struct bytes p, g, q; /* big endian */
};
MUST enum rc ka_new_dh(const struct dh_values *v, struct ka **out, struct err *e);
void ka_freep(struct ka **ka);         /* for SCOPED; wipes */
const char *ka_name(int parameter_id); /* "brainpoolP256r1", "MODP 2048/256"; NULL unknown */
bool ka_is_dh(const struct ka *ka);
unsigned ka_bits(const struct ka *ka);                /* of the field */
MUST enum rc ka_keygen(struct ka *ka, struct err *e); /* a new pair on the present generator */
MUST enum rc ka_set_key(struct ka *ka, const uint8_t *d, size_t len, struct err *e); /* a given private key */
/* Fixed length: an uncompressed point, or a number as long as the prime. */
MUST enum rc ka_public(const struct ka *ka, uint8_t out[KA_PUBLIC_MAX], size_t *len, struct err *e);
MUST enum rc ka_generator(struct ka *ka, uint8_t out[KA_PUBLIC_MAX], size_t *len, struct err *e);
/* Generic mapping: generator = nonce * G + H, H = d * peer, once, with the first key pair. */
MUST enum rc ka_map(struct ka *ka, struct bytes nonce, struct bytes peer, struct err *e);
/* Integrated mapping of what card_map_random() made. RC_UNSUPPORTED: secp224r1 (9303-11 4.4.3.3.2). */
MUST enum rc ka_map_integrated(struct ka *ka, struct bytes random, struct err *e);
/* d * peer: x coordinate or number, fixed length. */
MUST enum rc ka_shared(struct ka *ka, struct bytes peer, uint8_t out[KA_SECRET_MAX], size_t *len,
                       struct err *e);

#endif
