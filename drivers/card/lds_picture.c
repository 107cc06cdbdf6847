/* What a picture says of itself: kind and size from its first bytes. Nothing is decoded.
 * Source: JPEG ITU-T T.81 annex B; JPEG 2000 ISO 15444-1 annex A (codestream), annex I (JP2 boxes). */
#include "drivers/card/lds.h"

#include <string.h>

#define BOXES 64 /* and marker segments: no honest picture has so many before its size */

static uint32_t be(const uint8_t *p, size_t n)
{
    uint32_t v = 0;
    while (n-- > 0)
        v = v << 8 | *p++;
    return v;
}

static enum rc none(struct err *e, const char *why)
{
    return err_set(e, RC_PROTOCOL, "picture: %s", why);
}

static enum rc sized(enum picture kind, uint32_t width, uint32_t height, struct lds_size *out, struct err *e)
{
    if (width == 0 || height == 0 || width > 0xFFFF || height > 0xFFFF)
        return none(e, "a size that cannot be");
    *out = (struct lds_size){kind, width, height};
    return RC_OK;
}

/* Start of frame: FFC0 to FFCF without the tables C4, C8, CC. */
static enum rc jpeg(const uint8_t *p, size_t len, struct lds_size *out, struct err *e)
{
    size_t at = 2;
    for (int i = 0; i < BOXES; i++) {
        while (at < len && p[at] == 0xFF && at + 1 < len && p[at + 1] == 0xFF) /* fill bytes */
            at++;
        if (len - at < 4 || at > len || p[at] != 0xFF)
            break;
        uint8_t m = p[at + 1];
        size_t n = be(p + at + 2, 2);
        bool frame = m >= 0xC0 && m <= 0xCF && m != 0xC4 && m != 0xC8 && m != 0xCC;
        if (frame && len - at >= 9)
            return sized(PICTURE_JPEG, be(p + at + 7, 2), be(p + at + 5, 2), out, e);
        if (frame || n < 2 || n > len - at - 2 || m == 0xDA || m == 0xD9)
            break;
        at += 2 + n;
    }
    return none(e, "a JPEG without a frame");
}

/* SOC, then SIZ: the picture is the reference grid without its offset. */
static enum rc codestream(const uint8_t *p, size_t len, struct lds_size *out, struct err *e)
{
    if (len < 24 || be(p, 4) != 0xFF4FFF51)
        return none(e, "a JPEG 2000 codestream without its size");
    uint32_t x = be(p + 8, 4), y = be(p + 12, 4), x0 = be(p + 16, 4), y0 = be(p + 20, 4);
    if (x <= x0 || y <= y0)
        return none(e, "a size that cannot be");
    return sized(PICTURE_JPEG2000, x - x0, y - y0, out, e);
}

struct box {
    uint32_t type;
    const uint8_t *p;
    size_t len;
};

/* length 0: to the end; 1: eight more bytes of length. */
static bool next_box(const uint8_t *p, size_t len, size_t *at, struct box *out)
{
    if (*at > len || len - *at < 8)
        return false;
    size_t head = 8, size = be(p + *at, 4), left = len - *at;
    if (size == 1) {
        if (left < 16 || be(p + *at + 8, 4) != 0)
            return false;
        size = be(p + *at + 12, 4);
        head = 16;
    }
    if (size == 0)
        size = left;
    if (size < head || size > left)
        return false;
    *out = (struct box){be(p + *at + 4, 4), p + *at + head, size - head};
    *at += size;
    return true;
}

#define JP2H 0x6A703268
#define IHDR 0x69686472
#define JP2C 0x6A703263

static enum rc jp2(const uint8_t *p, size_t len, struct lds_size *out, struct err *e)
{
    struct box b, in;
    size_t at = 0;
    for (int i = 0; i < BOXES && next_box(p, len, &at, &b); i++) {
        size_t inside = 0;
        if (b.type == JP2C)
            return codestream(b.p, b.len, out, e);
        if (b.type == JP2H && next_box(b.p, b.len, &inside, &in) && in.type == IHDR && in.len >= 8)
            return sized(PICTURE_JPEG2000, be(in.p + 4, 4), be(in.p, 4), out, e);
    }
    return none(e, "a JP2 file without a header");
}

enum rc lds_picture_size(const uint8_t *p, size_t len, struct lds_size *out, struct err *e)
{
    static const uint8_t signature[] = {0, 0, 0, 12, 'j', 'P', ' ', ' ', 0x0D, 0x0A, 0x87, 0x0A};
    if (len >= 4 && p[0] == 0xFF && p[1] == 0xD8)
        return jpeg(p, len, out, e);
    if (len >= sizeof signature && memcmp(p, signature, sizeof signature) == 0)
        return jp2(p, len, out, e);
    if (len >= 4 && p[0] == 0xFF && p[1] == 0x4F)
        return codestream(p, len, out, e);
    return none(e, "neither JPEG nor JPEG 2000");
}
