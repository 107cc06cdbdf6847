/* Between crypto_ka.c (which group, what is common) and the two kinds of key agreement. */
#ifndef PRIDVOR_CARD_CRYPTO_KA_H
#define PRIDVOR_CARD_CRYPTO_KA_H

#include "drivers/card/crypto.h"
#include "drivers/card/curves.h"

struct ka_ops {
    bool dh;
    void (*free)(struct ka *ka); /* wipes */
    unsigned (*bits)(const struct ka *ka);
    enum rc (*keygen)(struct ka *ka, struct err *e);
    enum rc (*set_key)(struct ka *ka, const uint8_t *d, size_t len, struct err *e);
    enum rc (*public_key)(const struct ka *ka, uint8_t *out, size_t *len, struct err *e);
    enum rc (*generator)(struct ka *ka, uint8_t *out, size_t *len, struct err *e);
    enum rc (*map)(struct ka *ka, struct bytes nonce, struct bytes peer, struct err *e);
    enum rc (*map_integrated)(struct ka *ka, struct bytes random, struct err *e);
    enum rc (*shared)(struct ka *ka, struct bytes peer, uint8_t *out, size_t *len, struct err *e);
};

struct ka { /* the first member of each kind */
    const struct ka_ops *ops;
    bool mapped, key; /* the generator is mapped; there is a key pair on it */
};

enum rc ka_open_ec(const struct curve *c, struct ka **out, struct err *e);
enum rc ka_open_dh(const struct dh_values *v, struct ka **out, struct err *e);
int ka_random(void *user, unsigned char *out, size_t len); /* for mbedTLS */
enum rc ka_fail(struct err *e, const char *what, int rc);  /* RC_INTERNAL */

#endif
