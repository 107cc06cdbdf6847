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
 * counter: 1 encryption, 2 MAC, 3 password. At most 128 bytes of secret. */
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

/* Elliptic curves, by the standardised domain parameters of 9303-11 9.5.1 (8, 10, 12, 13, 15 to 18). One
 * struct serves one PACE run: a generator (mapped after ec_map) and one key pair on it. */
#define EC_POINT_MAX 133 /* 04 || x || y, 521 bits */
#define EC_X_MAX 66

struct ec;
MUST enum rc ec_new(int parameter_id, struct ec **out, struct err *e); /* RC_UNSUPPORTED names the curve */
void ec_freep(struct ec **ec);                                         /* for SCOPED; wipes */
const char *ec_name(int parameter_id);                                 /* "brainpoolP256r1"; NULL unknown */
MUST enum rc ec_keygen(struct ec *ec, struct err *e); /* a new pair on the present generator */
MUST enum rc ec_set_key(struct ec *ec, const uint8_t *d, size_t len, struct err *e); /* a given private key */
/* Uncompressed, fixed length. */
MUST enum rc ec_public(const struct ec *ec, uint8_t out[EC_POINT_MAX], size_t *len, struct err *e);
MUST enum rc ec_generator(struct ec *ec, uint8_t out[EC_POINT_MAX], size_t *len, struct err *e);
/* Generic mapping: generator = nonce * G + H, H = d * peer, once, with the first key pair. Points off the
 * curve, at infinity or not uncompressed are refused with RC_PROTOCOL, here and below. */
MUST enum rc ec_map(struct ec *ec, const uint8_t *nonce, size_t nonce_len, const uint8_t *peer, size_t len,
                    struct err *e);
/* x coordinate of d * peer, fixed length. */
MUST enum rc ec_shared(struct ec *ec, const uint8_t *peer, size_t len, uint8_t out[EC_X_MAX], size_t *out_len,
                       struct err *e);

#endif
