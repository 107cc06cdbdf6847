/* Passive authentication: were the files of a chip signed by a state? Security object (ICAO 9303-10 4.7.2),
 * document signer, country signing certificate (9303-12). Pure but for trust_load, which reads a folder once,
 * before the sandbox closes. */
#ifndef PRIDVOR_CARD_TRUST_H
#define PRIDVOR_CARD_TRUST_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/err.h"

/* The words of the completion, of the request and of the clerk's screen (i18n card.proof.<word>). */
#define TRUST_VERDICTS(X)                                                                                    \
    X(TRUST_NOT_CHECKED, "not_checked") /* no security object, no trusted time, unknown algorithm */         \
    X(TRUST_VALID, "valid")                                                                                  \
    X(TRUST_SIGNER_UNKNOWN, "signer_unknown") /* signed, but by nobody of our CSCA data */                   \
    X(TRUST_EXPIRED, "expired")               /* a certificate has, or had when it signed */                 \
    X(TRUST_REVOKED, "revoked")                                                                              \
    X(TRUST_HASH_DIFFERS, "hash_differs")       /* a file was changed, or is not listed */                   \
    X(TRUST_SIGNATURE_WRONG, "signature_wrong") /* or a security object that cannot be read */

enum trust_word {
#define X(name, word) name,
    TRUST_VERDICTS(X)
#undef X
        TRUST_WORDS
};
const char *trust_word(enum trust_word w);

struct trust; /* CSCA certificates, master lists, revocation lists; read-only after loading */

/* Reads *.cer *.crt *.der *.pem (certificates), *.ml (master lists), *.crl (revocation lists). A file that is
 * refused is no failure: it is named in trust_report. A folder that is not there gives an empty trust. RC_IO:
 * the folder cannot be read. Everything lives in the arena. */
MUST enum rc trust_load(struct arena *a, const char *folder, struct trust **out, struct err *e);
size_t trust_size(const struct trust *t); /* certificates loaded; NULL: 0 */

struct trust_group {
    unsigned n;        /* 1..16 */
    struct bytes file; /* whole, from its tag on */
};
struct trust_question {
    struct bytes sod; /* whole EF.SOD; len 0: the document has none */
    const struct trust_group *groups;
    size_t n_groups;
    int64_t now; /* unix seconds; 0: no trusted time, then nothing is "expired" */
};

enum trust_match { TRUST_GROUP_NOT_READ, TRUST_GROUP_SAME, TRUST_GROUP_DIFFERS, TRUST_GROUP_NOT_LISTED };

struct trust_verdict {
    enum trust_word word;
    const char *reason;       /* short English, for log and clerk; no personal data */
    const char *signer;       /* subject of the document signer, "C=RO,O=DGP,CN=..."; "" unknown */
    struct bytes certificate; /* of the document signer; len 0: unknown */
    const char *list;         /* file and version of the CSCA data that answered; "" none */
    const char *hash;         /* "SHA-256"; "" unknown */
    uint32_t listed;          /* bit n: the security object lists DGn */
    unsigned char group[17];  /* enum trust_match by number */
    int lds_version;          /* of the LDSSecurityObject, 0 or 1 */
};

/* Never fails: what cannot be judged is a verdict too. t may be NULL (no CSCA data). Strings live in the
 * arena. */
void trust_check(const struct trust *t, struct arena *a, const struct trust_question *q,
                 struct trust_verdict *out);

/* The same for EF.CardSecurity (q->sod is that file; of the groups only DG1 counts, for its state). *infos:
 * the SecurityInfos, when the signature over them is right, whoever's it is; else len 0. */
void trust_card_security(const struct trust *t, struct arena *a, const struct trust_question *q,
                         struct bytes *infos, struct trust_verdict *out);

/* {"verdict":"valid","reason":"...","signer":"...","list":"...","groups":["DG1","DG2"]}: the member "passive"
 * of the completion of read. */
void trust_json(const struct trust_verdict *v, struct buf *out);
/* What is loaded, for a technician: counts, newest, expiring, refused files with the reason. One object. */
void trust_report(const struct trust *t, struct arena *a, int64_t now, struct buf *out);

#endif
