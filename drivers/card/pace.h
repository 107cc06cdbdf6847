/* PACE (ICAO 9303-11 4.4): generic and integrated mapping and chip authentication mapping, over ECDH and DH.
 * Bytes for each step and the check of each answer. Pure; the caller sends: MSE:Set AT 00 22 C1 A4, then
 * GENERAL AUTHENTICATE 10 86 00 00 (last: 00 86 00 00). */
#ifndef PRIDVOR_CARD_PACE_H
#define PRIDVOR_CARD_PACE_H

#include "drivers/card/lds.h"
#include "drivers/card/sm.h"

enum pace_secret { PACE_MRZ = 1, PACE_CAN = 2 };

enum pace_mapping { MAP_GM, MAP_IM, MAP_CAM };

struct pace_info {
    uint8_t oid[10]; /* 0.4.0.127.0.7.2.2.4.m.c */
    enum pace_mapping mapping;
    bool dh;
    enum cipher cipher;
    int parameter_id; /* standardised domain parameters, 9303-11 9.5.1 */
    int reference;    /* what PACEInfo names, for MSE:Set AT; -1: nothing */
};
#define PACE_OFFERS 8
/* All that we can do, best first. RC_NOT_FOUND: no PACE at all; RC_UNSUPPORTED says what the card offers. */
MUST enum rc pace_choose(const struct security_infos *infos, struct pace_info out[PACE_OFFERS], size_t *n,
                         struct err *e);
/* What a signed list says against the unsigned one and the PACE that was done after it (NULL: none): a
 * sentence, or NULL. A signed list without a PACE we can do says nothing. */
const char *pace_downgraded(const struct security_infos *offered, const struct security_infos *proven,
                            const struct pace_info *done);
const char *pace_name(const struct pace_info *info); /* "ECDH-GM-AES-128" */

#define PACE_DATA_MAX (KA_PUBLIC_MAX + 32)
#define PACE_NONCE_MAX 32

struct pace {
    struct pace_info info;
    struct card_key password;
    struct ka *ka;
    uint8_t nonce[PACE_NONCE_MAX];
    size_t nonce_len;
    struct card_key extra;       /* integrated mapping: our nonce, a key of its PRF */
    uint8_t ours[KA_PUBLIC_MAX]; /* present public key */
    size_t ours_len;
    uint8_t theirs[KA_PUBLIC_MAX]; /* ephemeral public key of the card, as it came */
    size_t theirs_len;
    uint8_t mapped[KA_PUBLIC_MAX]; /* the card's mapping key: chip authentication mapping proves it */
    size_t mapped_len;
    struct sm keys;              /* becomes the channel when the tokens agree */
    uint8_t chip[KA_PUBLIC_MAX]; /* chip authentication mapping: its data, decrypted */
    size_t chip_len;
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
/* Chip authentication mapping, after pace_finish: the card knows the private key of `key` (static public key
 * of the chip, on the same curve). RC_DENIED: it does not. */
MUST enum rc pace_prove_chip(const struct pace *p, struct bytes key, struct err *e);

/* Given secrets instead of random ones, for the worked examples of 9303-11 appendices G and H: private
 * mapping key (integrated mapping: our nonce), private ephemeral key. */
struct pace_fixed {
    struct bytes mapping, ephemeral;
};
extern const struct pace_fixed *pace_fixed; /* NULL outside tests */

#endif
