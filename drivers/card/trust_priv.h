/* Inside of trust*.c. */
#ifndef PRIDVOR_CARD_TRUST_PRIV_H
#define PRIDVOR_CARD_TRUST_PRIV_H

#include "drivers/card/cms.h"
#include "drivers/card/trust.h"

enum source_kind { SOURCE_CERT, SOURCE_LIST, SOURCE_CRL };
struct source { /* one file */
    const char *name;
    enum source_kind kind;
    const char *refused; /* why; NULL: in use */
    size_t n;            /* certificates of a list, entries of a revocation list */
    int64_t signed_at;   /* list: signing time; revocation list: of this issue */
    const char *signer;
};

/* A certificate is parsed when it is needed; here is what finds it. */
enum anchor_state { ANCHOR_UNTRIED, ANCHOR_TRUSTED, ANCHOR_BELOW }; /* BELOW: trusted if its issuer is */
struct anchor {
    const uint8_t *raw;
    uint32_t len;
    uint32_t subject; /* name_hash */
    uint32_t ski;     /* first four bytes, 0: none */
    uint16_t source;
    uint8_t state;
};

struct revoking {
    struct crl crl;
    uint16_t source;
    uint8_t state; /* 0 untried, 1 signature right, 2 not by a trusted certificate */
};

struct trust {
    const char *folder;
    struct source *sources;
    size_t n_sources, cap_sources;
    struct anchor *anchors;
    size_t n_anchors, cap_anchors;
    struct revoking *crls;
    size_t n_crls, cap_crls;
    const char *version; /* names of the lists in use */
    int64_t us;          /* that loading took */
    size_t bytes;
};

/* What a chain upwards comes to; better ones are smaller. */
enum chain_word {
    CHAIN_OK,
    CHAIN_EARLY, /* today lies before a certificate's first day */
    CHAIN_EXPIRED,
    CHAIN_REVOKED,
    CHAIN_UNSUPPORTED,
    CHAIN_WRONG, /* the key that must have signed it did not */
    CHAIN_NONE
};
struct chain {
    enum chain_word word;
    const struct source *source; /* of the certificate above, NULL with CHAIN_NONE */
    char why[160];
};
/* Who signed c? now 0: dates are not looked at. */
void chain_up(const struct trust *t, const struct cert *c, int64_t now, int depth, struct chain *out);
/* Tries the signature of a revocation list once. */
bool revoking_right(const struct trust *t, struct revoking *r);

struct anchor *anchor_add(struct arena *a, struct trust *t, const struct cert *c, size_t source,
                          enum anchor_state state);
void anchor_cert(const struct anchor *x, struct cert *out); /* it was parsed before, so it can be */

/* LDSSecurityObject, version 0 and 1 (9303-10 4.7.2). */
struct security_object {
    int version;
    enum hash hash;
    uint32_t listed; /* bit n */
    struct bytes digest[17];
};
MUST enum rc security_object_read(struct bytes content, struct security_object *out, struct err *e);
bool security_object_type(struct bytes oid);

/* May this country sign what that state issues? Of codes that are no state nobody knows: true. */
bool state_signs(const char *state, const char country[3]);

#define OID_EKU_MASTER_LIST "\x67\x81\x08\x01\x01\x03"

#endif
