/* BER-TLV as smart cards use it (ISO 7816-4 annex E; X.690): tags up to 3 bytes, definite lengths up to 16
 * MB. */
#ifndef PRIDVOR_CARD_TLV_H
#define PRIDVOR_CARD_TLV_H

#include "common/base/err.h"

struct tlv {
    uint32_t tag;     /* 0x61, 0x5F1F, 0x7F4C ... as the bytes stand */
    const uint8_t *v; /* into the input */
    size_t len;
    size_t head; /* bytes of tag and length */
};

/* One object at the start of p; everything of it must be there. */
MUST enum rc tlv_read(const uint8_t *p, size_t len, struct tlv *out, struct err *e);
/* Only its tag and length: tells how long a file is from its first bytes (at most 8 are looked at).
 * out->v + out->len may lie behind p + len. */
MUST enum rc tlv_head(const uint8_t *p, size_t len, struct tlv *out, struct err *e);
/* Walks over siblings: *at moves; RC_NOT_FOUND at the end. */
MUST enum rc tlv_next(const uint8_t *p, size_t len, size_t *at, struct tlv *out, struct err *e);
/* First sibling with that tag; RC_NOT_FOUND names it. */
MUST enum rc tlv_find(const uint8_t *p, size_t len, uint32_t tag, struct tlv *out, struct err *e);

/* Building, into a fixed room. Too much sets `full` and nothing more is written; look once at the end. */
struct tlv_out {
    uint8_t *p;
    size_t cap, len;
    bool full;
};
void tlv_add(struct tlv_out *b, const void *p, size_t len);
void tlv_u8(struct tlv_out *b, uint8_t v);
void tlv_put(struct tlv_out *b, uint32_t tag, const void *v, size_t len);

#endif
