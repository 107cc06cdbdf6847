/* Primitives a pad's encryption needs, from mbedTLS (2.28 and 3.6). */
#ifndef PRIDVOR_PAD_CRYPTO_PAD_H
#define PRIDVOR_PAD_CRYPTO_PAD_H

#include "common/base/err.h"

#define PAD_RSA_MAX 256 /* bytes of the longest modulus */
#define PAD_RSA_E 65537
#define PAD_DH_LEN 16
#define PAD_BLOCK 16

enum pad_padding { PAD_PKCS1 = 1, PAD_OAEP = 2 }; /* as the pad counts them; OAEP with SHA-1 */

struct pad_rsa;
/* Takes 0.1 to 3 s for 2048 bits. */
MUST enum rc pad_rsa_new(unsigned bits, struct pad_rsa **out, struct err *e);
void pad_rsa_free(struct pad_rsa *k); /* wipes; NULL is fine */
size_t pad_rsa_len(const struct pad_rsa *k);
MUST enum rc pad_rsa_modulus(const struct pad_rsa *k, uint8_t out[PAD_RSA_MAX], struct err *e);
/* RC_PROTOCOL, code PAD_CRYPTO: not something this key opens. */
MUST enum rc pad_rsa_open(struct pad_rsa *k, enum pad_padding padding, struct bytes cipher,
                          uint8_t out[PAD_RSA_MAX], size_t *len, struct err *e);

/* Diffie-Hellman of the first generation: a 128 bit group that the pad names. One step makes our half, the
 * second one the common key. RC_PROTOCOL, code PAD_CRYPTO: the group or the other half is degenerate. */
MUST enum rc pad_dh_ours(const uint8_t prime[PAD_DH_LEN], const uint8_t base[2], uint8_t secret[PAD_DH_LEN],
                         uint8_t ours[PAD_DH_LEN], struct err *e);
MUST enum rc pad_dh_common(const uint8_t prime[PAD_DH_LEN], const uint8_t secret[PAD_DH_LEN],
                           const uint8_t theirs[PAD_DH_LEN], uint8_t out[PAD_DH_LEN], struct err *e);

/* One block of AES-ECB, decrypted: each pen report is one block. */
MUST enum rc pad_aes_open(struct bytes key, const uint8_t in[PAD_BLOCK], uint8_t out[PAD_BLOCK],
                          struct err *e);

#endif
