/* Which key the pad and we agree on, so that strokes leave the pad encrypted. */
#ifndef PRIDVOR_PAD_CIPHER_H
#define PRIDVOR_PAD_CIPHER_H

#include "drivers/pad/crypto_pad.h"
#include "drivers/pad/link.h"

struct pad_cipher {
    struct pad_rsa *spare; /* made while nothing is to be done */
    uint8_t key[32];
    size_t len;       /* 0: strokes come in clear */
    const char *word; /* "none", "v1", "AES-256/RSA-2048/OAEP"; recorded with the signature */
    uint32_t session; /* differs at every start of a capture */
};

/* A new key for this signature. The row says what is tried in which order ("encryption": ["AES-256/RSA-2048/
 * OAEP", "none"]); without the row the strongest the pad has, and nothing else. Code PAD_CRYPTO when the pad
 * does not agree. */
MUST enum rc pad_cipher_agree(struct pad_link *p, struct pad_cipher *c, const struct jval *profile,
                              struct err *e);
/* While nothing runs: the RSA key for the next signature. */
MUST enum rc pad_cipher_prepare(struct pad_link *p, struct pad_cipher *c, const struct jval *profile,
                                struct err *e);
/* The samples in an input report, decrypted where needed; n 0: none for us. */
MUST enum rc pad_cipher_read(const struct pad_link *p, const struct pad_cipher *c, struct bytes report,
                             struct stu_sample out[2], size_t *n, struct err *e);
void pad_cipher_forget(struct pad_cipher *c); /* the signature's key */
void pad_cipher_free(struct pad_cipher *c);   /* the spare, too */

#endif
