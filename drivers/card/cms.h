/* Signed messages (RFC 5652, SignedData), as security objects and CSCA master lists use them. Pure. */
#ifndef PRIDVOR_CARD_CMS_H
#define PRIDVOR_CARD_CMS_H

#include "drivers/card/x509.h"

#define CMS_SIGNERS 4

struct cms_signer {
    struct bytes issuer, serial; /* len 0: by key identifier */
    struct bytes ski;
    struct bytes digest_alg, sig_alg, sig;
    struct bytes attributes; /* content of the SET; len 0: none */
    bool has_attributes;
};

struct cms {
    struct bytes type; /* OID of the content */
    struct bytes content;
    struct bytes certificates; /* one after the other, all DER */
    struct cms_signer signer[CMS_SIGNERS];
    size_t n_signers;
};

/* in: ContentInfo, BER allowed outside of what is signed. The arena holds what had to be written again. */
MUST enum rc cms_read(struct arena *a, struct bytes in, struct cms *out, struct err *e);
/* The embedded certificate that the signer names, by its number alone if by no name; RC_NOT_FOUND. */
MUST enum rc cms_certificate(const struct cms *m, const struct cms_signer *s, struct cert *out,
                             struct err *e);
bool cms_names(const struct cms_signer *s, const struct cert *c); /* is c the one it names? */
/* Content, attributes and signature against the certificate's key. RC_DENIED: wrong; RC_UNSUPPORTED.
 * *signed_at: signing time, 0 when not said. */
MUST enum rc cms_verify(const struct cms *m, const struct cms_signer *s, const struct cert *by,
                        int64_t *signed_at, struct err *e);

/* CscaMasterList: its certificates, one after the other (9303-12 9). */
#define OID_MASTER_LIST "\x67\x81\x08\x01\x01\x02"
MUST enum rc master_list_open(struct bytes content, struct der *certificates, struct err *e);

#endif
