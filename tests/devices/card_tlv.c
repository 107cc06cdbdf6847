/* TLV and DER, one writer and one reader, for the chip and for its SOD. */
#include "tests/devices/card_priv.h"

#include <stdlib.h>
#include <string.h>

void put_be(struct buf *b, uint32_t v, size_t n)
{
    while (n-- > 0)
        buf_chr(b, (char)(v >> (8 * n)));
}

static size_t bytes_of(uint32_t v)
{
    return v > 0xFFFFFF ? 4 : v > 0xFFFF ? 3 : v > 0xFF ? 2 : 1;
}

void tlv(struct buf *b, unsigned tag, const void *p, size_t len)
{
    put_be(b, tag, bytes_of(tag));
    if (len >= 0x80)
        buf_chr(b, (char)(0x80 | bytes_of((uint32_t)len)));
    put_be(b, (uint32_t)len, bytes_of((uint32_t)len));
    if (len)
        buf_add(b, p, len);
}

void tlv_buf(struct buf *b, unsigned tag, const struct buf *in)
{
    tlv(b, tag, in->p, in->len);
}

size_t hexbytes(const char *hex, uint8_t *out, size_t cap)
{
    size_t n = 0;
    for (char pair[3] = {0}; hex[0] && hex[1] && n < cap; hex += 2) {
        memcpy(pair, hex, 2);
        out[n++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return n;
}

void tlv_hex(struct buf *b, unsigned tag, const char *hex)
{
    uint8_t v[128];
    size_t n = hexbytes(hex, v, sizeof v);
    tlv(b, tag, v, n);
}

void tlv_uint(struct buf *b, const uint8_t *p, size_t len)
{
    while (len > 1 && *p == 0) {
        p++;
        len--;
    }
    BUF_SCOPE(v);
    if (*p & 0x80)
        buf_chr(&v, 0);
    buf_add(&v, p, len);
    tlv_buf(b, 0x02, &v);
}

void tlv_int(struct buf *b, unsigned n)
{
    BUF_SCOPE(v);
    put_be(&v, n, bytes_of(n));
    tlv_uint(b, (const uint8_t *)v.p, v.len);
}

static bool take(const uint8_t **p, size_t *len, uint32_t *v)
{
    if (*len == 0)
        return false;
    *v = *v << 8 | **p;
    ++*p;
    --*len;
    return true;
}

bool tlv_next(const uint8_t **p, size_t *len, struct tlv *out)
{
    const uint8_t *q = *p;
    size_t n = *len;
    uint32_t tag = 0, size = 0, more = 0;
    if (!take(&q, &n, &tag))
        return false;
    for (int i = 0; (i == 0 ? (tag & 0x1F) == 0x1F : (tag & 0x80) != 0); i++)
        if (i == 3 || !take(&q, &n, &tag))
            return false;
    if (!take(&q, &n, &size))
        return false;
    if (size & 0x80) {
        size_t k = size & 0x7F;
        if (k == 0 || k > 3)
            return false;
        while (k-- > 0)
            if (!take(&q, &n, &more))
                return false;
        size = more;
    }
    if (size > n)
        return false;
    *out = (struct tlv){tag, q, *p, size, (size_t)(q - *p) + size};
    *p = q + size;
    *len = n - size;
    return true;
}

bool tlv_find(const uint8_t *p, size_t len, unsigned tag, struct tlv *out)
{
    while (tlv_next(&p, &len, out))
        if (out->tag == tag)
            return true;
    return false;
}
