#include "drivers/card/tlv.h"

#include <string.h>

#define TLV_MAX (16u << 20)

static enum rc read_tag(const uint8_t *p, size_t len, size_t *at, uint32_t *tag, struct err *e)
{
    if (len == 0)
        return err_set(e, RC_PROTOCOL, "TLV: nothing where a tag should be");
    uint32_t t = p[(*at)++];
    if ((t & 0x1F) == 0x1F)
        do {
            if (*at == len)
                return err_set(e, RC_PROTOCOL, "TLV: the tag is cut off");
            if (*at == 3)
                return err_set(e, RC_PROTOCOL, "TLV: a tag of more than 3 bytes");
            t = t << 8 | p[*at];
        } while (p[(*at)++] & 0x80);
    *tag = t;
    return RC_OK;
}

static enum rc read_length(const uint8_t *p, size_t len, size_t *at, size_t *out, struct err *e)
{
    if (*at == len)
        return err_set(e, RC_PROTOCOL, "TLV: the length is cut off");
    size_t v = p[(*at)++];
    if (v == 0x80)
        return err_set(e, RC_PROTOCOL, "TLV: an indefinite length");
    if (v > 0x80) {
        size_t n = v & 0x7F;
        if (n > 4)
            return err_set(e, RC_PROTOCOL, "TLV: a length of %zu bytes", n);
        if (len - *at < n)
            return err_set(e, RC_PROTOCOL, "TLV: the length is cut off");
        for (v = 0; n > 0; n--)
            v = v << 8 | p[(*at)++];
    }
    if (v > TLV_MAX)
        return err_set(e, RC_PROTOCOL, "TLV: an object of %zu bytes is too big", v);
    *out = v;
    return RC_OK;
}

enum rc tlv_head(const uint8_t *p, size_t len, struct tlv *out, struct err *e)
{
    struct tlv t = {0};
    TRY(read_tag(p, len, &t.head, &t.tag, e));
    TRY(read_length(p, len, &t.head, &t.len, e));
    t.v = p + t.head;
    *out = t;
    return RC_OK;
}

enum rc tlv_read(const uint8_t *p, size_t len, struct tlv *out, struct err *e)
{
    struct tlv t;
    TRY(tlv_head(p, len, &t, e));
    if (len - t.head < t.len)
        return err_set(e, RC_PROTOCOL, "TLV: object %X says %zu bytes, %zu are there", (unsigned)t.tag, t.len,
                       len - t.head);
    *out = t;
    return RC_OK;
}

enum rc tlv_next(const uint8_t *p, size_t len, size_t *at, struct tlv *out, struct err *e)
{
    if (*at >= len)
        return err_set(e, RC_NOT_FOUND, "TLV: no more objects");
    struct tlv t;
    TRY(tlv_read(p + *at, len - *at, &t, e));
    *at += t.head + t.len;
    *out = t;
    return RC_OK;
}

enum rc tlv_find(const uint8_t *p, size_t len, uint32_t tag, struct tlv *out, struct err *e)
{
    size_t at = 0;
    struct tlv t;
    for (;;) {
        enum rc rc = tlv_next(p, len, &at, &t, e);
        if (rc == RC_NOT_FOUND)
            return err_set(e, RC_NOT_FOUND, "TLV: object %X is missing", (unsigned)tag);
        TRY(rc);
        if (t.tag == tag)
            break;
    }
    *out = t;
    return RC_OK;
}

void tlv_add(struct tlv_out *b, const void *p, size_t len)
{
    if (b->full || b->cap - b->len < len) {
        b->full = true;
        return;
    }
    if (len > 0)
        memcpy(b->p + b->len, p, len);
    b->len += len;
}

void tlv_u8(struct tlv_out *b, uint8_t v)
{
    tlv_add(b, &v, 1);
}

void tlv_put(struct tlv_out *b, uint32_t tag, const void *v, size_t len)
{
    for (int shift = 16; shift >= 0; shift -= 8)
        if (tag >> shift != 0)
            tlv_u8(b, (uint8_t)(tag >> shift));
    if (len > 0xFFFF) {
        b->full = true;
        return;
    }
    if (len > 0xFF)
        tlv_u8(b, 0x82);
    else if (len > 0x7F)
        tlv_u8(b, 0x81);
    if (len > 0xFF)
        tlv_u8(b, (uint8_t)(len >> 8));
    tlv_u8(b, (uint8_t)len);
    tlv_add(b, v, len);
}
