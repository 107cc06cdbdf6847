/* PACE with elliptic curves and generic mapping (ICAO 9303-11 4.4): bytes for each step and the check of each
 * answer. Pure; the caller sends: MSE:Set AT 00 22 C1 A4, then GENERAL AUTHENTICATE 10 86 00 00 (last: 00 86
 * 00 00). */
#ifndef PRIDVOR_CARD_PACE_H
#define PRIDVOR_CARD_PACE_H

#include "drivers/card/lds.h"
#include "drivers/card/sm.h"

enum pace_secret { PACE_MRZ = 1, PACE_CAN = 2 };

struct pace_info {
    uint8_t oid[10]; /* 0.4.0.127.0.7.2.2.4.2.c */
    enum cipher cipher;
    int parameter_id; /* 9303-11 9.5.1 */
    bool say_id;      /* the card named it in PACEInfo, so it goes into MSE:Set AT */
};
/* The best one we can do: AES before 3DES, else the card's order. RC_UNSUPPORTED says what the card offers.
 */
MUST enum rc pace_choose(const struct security_infos *infos, struct pace_info *out, struct err *e);
const char *pace_name(const struct pace_info *info); /* "ECDH-GM-AES-128" */

#define PACE_DATA_MAX 160
#define PACE_NONCE_MAX 32

struct pace {
    struct pace_info info;
    struct card_key password;
    struct ec *ec;
    uint8_t nonce[PACE_NONCE_MAX];
    size_t nonce_len;
    uint8_t ours[EC_POINT_MAX], theirs[EC_POINT_MAX]; /* ephemeral public keys */
    size_t point_len;
    struct sm keys; /* becomes the channel when the tokens agree */
};

/* secret: the CAN, or what mrz_info() made. */
MUST enum rc pace_start(struct pace *p, const struct pace_info *info, enum pace_secret kind,
                        const char *secret, struct err *e);
void pace_wipe(struct pace *p); /* for SCOPED, too */

/* Data fields. Each step reads the answer to the step before and writes the next data; out has PACE_DATA_MAX.
 */
MUST enum rc pace_set_at(const struct pace *p, enum pace_secret kind, uint8_t *out, size_t *len,
                         struct err *e);
MUST enum rc pace_ask_nonce(struct pace *p, uint8_t *out, size_t *len, struct err *e);
MUST enum rc pace_map(struct pace *p, const struct answer *nonce, uint8_t *out, size_t *len, struct err *e);
MUST enum rc pace_agree(struct pace *p, const struct answer *mapping, uint8_t *out, size_t *len,
                        struct err *e);
MUST enum rc pace_token(struct pace *p, const struct answer *key, uint8_t *out, size_t *len, struct err *e);
MUST enum rc pace_finish(struct pace *p, const struct answer *token, struct sm *out, struct err *e);

/* Given private keys instead of random ones, for the worked example of 9303-11 appendix G.1. */
struct pace_fixed {
    const uint8_t *mapping, *ephemeral;
    size_t len;
};
extern const struct pace_fixed *pace_fixed; /* NULL outside tests */

#endif
