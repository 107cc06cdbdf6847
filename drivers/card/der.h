/* DER (X.690), as far as certificates and signed documents go: tags of one byte, definite lengths in the
 * shortest form. Pure; items point into the input. RC_PROTOCOL for everything that is not DER. */
#ifndef PRIDVOR_CARD_DER_H
#define PRIDVOR_CARD_DER_H

#include "common/base/arena.h"
#include "common/base/err.h"

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BITS = 0x03,
    DER_OCTETS = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUM = 0x0A,
    DER_UTC_TIME = 0x17,
    DER_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};
#define DER_CTX(n) ((uint8_t)(0xA0 | (n)))  /* [n], constructed */
#define DER_CTXP(n) ((uint8_t)(0x80 | (n))) /* [n], primitive */

/* What is left of a row of siblings. */
struct der {
    const uint8_t *p;
    size_t len;
};
struct der_item {
    uint8_t tag;
    struct bytes v;   /* content */
    struct bytes raw; /* with tag and length */
};

struct der der_in(struct bytes b);
/* The next sibling, whatever it is. RC_NOT_FOUND at the end. */
MUST enum rc der_next(struct der *d, struct der_item *out, struct err *e);
/* The next sibling, which must have that tag. */
MUST enum rc der_take(struct der *d, uint8_t tag, struct der_item *out, struct err *e);
/* The next sibling if it has that tag; else out->raw.len is 0 and d stays. */
MUST enum rc der_maybe(struct der *d, uint8_t tag, struct der_item *out, struct err *e);
bool der_at(const struct der *d, uint8_t tag);
/* A sibling with that tag, and into it. */
MUST enum rc der_enter(struct der *d, uint8_t tag, struct der *inside, struct err *e);
MUST enum rc der_end(const struct der *d, struct err *e); /* nothing may follow */

bool der_is(struct bytes v, const char *content, size_t len);
#define DER_IS(v, text) der_is((v), (text), sizeof(text) - 1)
bool der_same(struct bytes a, struct bytes b);
/* INTEGER, shortest form, not negative: its bytes without a zero in front (zero: one byte 00). */
MUST enum rc der_number(const struct der_item *it, struct bytes *out, struct err *e);
MUST enum rc der_small(const struct der_item *it, int *out, struct err *e);         /* 0 .. 65535 */
MUST enum rc der_bits(const struct der_item *it, struct bytes *out, struct err *e); /* whole bytes only */
MUST enum rc der_bool(const struct der_item *it, bool *out, struct err *e);
/* UTCTime or GeneralizedTime in UTC, as unix seconds (RFC 5280 4.1.2.5). */
MUST enum rc der_time(const struct der_item *it, int64_t *out, struct err *e);

#define DER_DEPTH 24
/* BER as real cards write the outer layers of a signed document (indefinite and overlong lengths, octet
 * strings in pieces), written again as DER. DER comes back as it is, not copied. Everything that is signed
 * keeps its bytes if they were DER, and does not verify if they were not. */
MUST enum rc der_normal(struct arena *a, struct bytes in, struct bytes *out, struct err *e);

#endif
