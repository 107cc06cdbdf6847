/* Certificates and revocation lists, the subset that travel documents use (RFC 5280, ICAO 9303-12). Pure;
 * everything points into the input. RC_PROTOCOL: malformed; RC_UNSUPPORTED: an algorithm or key form that is
 * not done here; RC_DENIED: a signature that does not verify. */
#ifndef PRIDVOR_CARD_X509_H
#define PRIDVOR_CARD_X509_H

#include "drivers/card/crypto_verify.h"
#include "drivers/card/der.h"

enum sig_kind { SIG_RSA, SIG_PSS, SIG_ECDSA };
struct sig_alg {
    enum sig_kind kind;
    enum hash hash; /* HASH_NONE: rsaEncryption, the hash is said elsewhere */
    enum hash mgf;  /* PSS */
    size_t salt;
};
/* AlgorithmIdentifier, whole. */
MUST enum rc alg_hash(struct bytes alg, enum hash *out, struct err *e);
MUST enum rc alg_signature(struct bytes alg, struct sig_alg *out, struct err *e);

enum key_kind { KEY_RSA, KEY_PSS, KEY_EC };
struct pub_key {
    enum key_kind kind; /* KEY_PSS: an RSA key that signs with PSS only */
    struct rsa_key rsa;
    size_t bits;
    const struct curve *curve;
    struct bytes point;
    bool spelled_out; /* explicit parameters, equal to those of `curve` */
    bool seed, cofactor, compressed;
    bool has_pss; /* KEY_PSS with parameters: the only ones it signs with */
    struct sig_alg pss;
};
/* SubjectPublicKeyInfo, whole. DG15 and the keys of DG14 have this form, too. */
MUST enum rc key_read(struct bytes spki, struct pub_key *out, struct err *e);
/* Does sig, made with the algorithm, fit key and data? The data may come in parts. */
MUST enum rc key_verify(const struct pub_key *k, const struct sig_alg *a, const struct bytes parts[2],
                        struct bytes sig, struct err *e);

#define USAGE_SIGN 0x80u      /* digitalSignature */
#define USAGE_CERT_SIGN 0x04u /* keyCertSign */
#define USAGE_CRL_SIGN 0x02u

struct cert {
    struct bytes raw, tbs, alg, sig;
    struct bytes serial;          /* content of the INTEGER, as it stands */
    struct bytes issuer, subject; /* Name, whole */
    int64_t not_before, not_after;
    struct bytes spki;
    struct bytes ski, aki; /* key identifiers; len 0: none */
    struct bytes eku;      /* content of ExtKeyUsageSyntax; len 0: none */
    bool ca, has_usage;
    bool odd; /* has a critical extension that is not understood: signs nothing, is nobody's */
    unsigned usage;
    int version;
};
MUST enum rc cert_read(struct bytes raw, struct cert *out, struct err *e);
/* Is c signed with the key of by? Names and dates are not looked at. */
MUST enum rc cert_verify(const struct cert *c, const struct cert *by, struct err *e);
bool cert_has_eku(const struct cert *c, const char *oid, size_t len);

/* A revocation list (RFC 5280 section 5). Delta lists and indirect lists are RC_UNSUPPORTED. */
struct crl {
    struct bytes tbs, alg, sig, issuer, entries, aki, number;
    int64_t this_update, next_update; /* next_update 0: not said */
    size_t count;
};
MUST enum rc crl_read(struct bytes raw, struct crl *out, struct err *e);
MUST enum rc crl_verify(const struct crl *c, const struct cert *by, struct err *e);
/* serial as in struct cert. *since: when. */
bool crl_has(const struct crl *c, struct bytes serial, int64_t *since);

/* Names: letters of either case and any string type are the same ("C=ro" is "C=RO"), runs of blanks are one
 * (RFC 5280 7.1). */
bool name_same(struct bytes a, struct bytes b);
uint32_t name_hash(struct bytes name);                     /* equal for equal names */
const char *name_text(struct arena *a, struct bytes name); /* "C=RO,O=DGP,CN=CSCA Romania" */
bool name_country(struct bytes name, char out[3]);         /* capital letters */

/* PEM: every block with that label ("CERTIFICATE", "X509 CRL") of the text, decoded one after the other.
 * *at moves; RC_NOT_FOUND at the end. */
MUST enum rc pem_next(struct arena *a, struct bytes text, size_t *at, const char *label, struct bytes *out,
                      struct err *e);

#endif
